import { Button, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { copy } from './copy'

export function Secret({ text }: { text: string }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  return (
    <div className="secret">
      <span>{text}</span>
      <Button
        size="small"
        onClick={() => {
          void copy(text).then(() => setCopied(true))
        }}
      >
        {copied ? t('action.copied') : t('action.copy')}
      </Button>
    </div>
  )
}

/** What the box tells once: a key, a link. */
export function SecretDialog({ title, text, secret, close }: { title: string; text: ReactNode; secret: string | undefined; close: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal title={title} open={secret !== undefined} onCancel={close} footer={<Button type="primary" onClick={close}>{t('action.close')}</Button>} destroyOnHidden>
      <p>{text}</p>
      {secret && <Secret text={secret} />}
    </Modal>
  )
}
