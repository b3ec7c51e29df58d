import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import type { SessionRow } from '../me/Sessions'
import { useConfirmByName, useDeed } from '../ui/deeds'
import { agoText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'

export function SessionsPage() {
  const { t, i18n } = useTranslation()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: async () => (await api.get<{ sessions: SessionRow[] }>(path('/admin/v1/sessions', {}))).sessions })
  const end = ({ id, user }: SessionRow) =>
    confirm(user ?? String(id), t('session.endTitle', { name: user ?? id }), t('session.endText'), t('session.end'), () => deed(() => api.delete(path('/admin/v1/sessions/{session}', { session: id })), [['sessions']], t('session.ended')))
  return (
    <Page title={t('session.title')} lead={t('session.lead')}>
      <DataTable<SessionRow>
        label={t('session.title')}
        asked={sessions}
        empty={<Empty title={t('session.none')} />}
        columns={[
          { title: t('people.user'), dataIndex: 'user', render: (name: string | null, one) => <>{name} {one.this && <span className="tag tag-good">{t('session.this')}</span>}</> },
          { title: t('audit.from'), dataIndex: 'from', render: (from: string) => <span className="mono">{from}</span> },
          { title: t('session.begun'), dataIndex: 'created', render: (time: number) => agoText(time, i18n.language) },
          { title: t('session.lastSeen'), dataIndex: 'seen', render: (time: number) => agoText(time, i18n.language) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, one) =>
              !one.this && (
                <Button type="link" size="small" danger aria-label={`${t('session.end')}: ${one.user ?? one.id}`} onClick={() => end(one)}>
                  {t('session.end')}
                </Button>
              ),
          },
        ]}
      />
    </Page>
  )
}
