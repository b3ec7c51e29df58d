import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import { useConfirmByName, useDeed } from '../ui/deeds'
import { agoText } from '../ui/format'
import { Failed, Waiting } from '../ui/states'

export interface SessionRow {
  id: number
  user: string | null
  from: string
  created: number
  seen: number
  this: boolean
  limited: boolean
}

export function useMySessions() {
  return useQuery({ queryKey: ['me', 'sessions'], queryFn: async () => (await api.get<{ sessions: SessionRow[] }>(path('/admin/v1/me/sessions', {}))).sessions })
}

export function Sessions() {
  const { t, i18n } = useTranslation()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const sessions = useMySessions()
  const end = ({ id, from }: SessionRow) => confirm(from, t('session.endTitle', { name: from }), t('session.endText'), t('session.end'), () => deed(() => api.delete(path('/admin/v1/me/sessions/{session}', { session: id })), [['me', 'sessions']], t('session.ended')))
  return (
    <section>
      <h2>{t('session.mine')}</h2>
      {sessions.isPending && <Waiting />}
      {sessions.isError && <Failed error={sessions.error} />}
      {sessions.data && (
        <ul className="rows">
          {sessions.data.map((one) => (
            <li key={one.id}>
              <span className="rows-main">
                <span className="mono">{one.from}</span> {one.this && <span className="tag tag-good">{t('session.this')}</span>}
                <br />
                <span className="muted">{t('session.seen', { begun: agoText(one.created, i18n.language), seen: agoText(one.seen, i18n.language) })}</span>
              </span>
              {!one.this && (
                <Button size="small" onClick={() => end(one)}>
                  {t('session.end')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
