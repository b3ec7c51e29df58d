import { Button, Spin } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'

/** Says what one waits for: a wheel alone says nothing. */
export function Waiting({ text }: { text?: string }) {
  const { t } = useTranslation()
  return (
    <div className="waiting" role="status">
      <Spin size="small" />
      <span>{text ?? t('app.loading')}</span>
    </div>
  )
}

/** Where there is nothing yet: what this place is for, and what to do. */
export function Empty({ icon, title, text, children }: { icon?: ReactNode; title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      {icon}
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {children}
    </div>
  )
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation()
  const text = error instanceof ApiError ? error.message : t('app.unreachable')
  return (
    <div role="alert">
      <Empty title={t('app.failed')} text={text}>
        {retry && <Button onClick={retry}>{t('app.retry')}</Button>}
      </Empty>
    </div>
  )
}

export function NotFound() {
  const { t } = useTranslation()
  return <Empty title={t('app.notFound')} text={t('app.notFoundText')} />
}

export function NoRight() {
  const { t } = useTranslation()
  return <Empty title={t('app.noRight')} text={t('app.noRightText')} />
}
