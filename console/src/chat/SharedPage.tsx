import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { timeText } from '../ui/format'
import { Failed, Waiting } from '../ui/states'
import './chat.css'
import { inOrder } from './chats'
import { MessageRow } from './MessageRow'

/** A chat that somebody of one's department shares, to read. */
export function SharedPage() {
  const { t, i18n } = useTranslation()
  const { share } = useParams({ strict: false }) as { share: string }
  const about = useQuery({ queryKey: ['shared', share], queryFn: () => api.get<Schema['ChatShare']>(path('/console/v1/shared/{share}', { share })) })
  const pages = useInfiniteQuery({
    queryKey: ['shared', share, 'messages'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.get<Schema['ChatMessages']>(path('/console/v1/shared/{share}/messages', { share }), { limit: 100, after: pageParam }),
    getNextPageParam: (page) => (page.has_more ? (page.last_id ?? undefined) : undefined),
  })
  if (about.isPending || pages.isPending) return <Waiting />
  if (about.isError) return <Failed error={about.error} />
  const { title, owner, created_at } = about.data
  return (
    <div className="page">
      <div className="page-inner page-narrow">
        <h1>{title}</h1>
        <p className="page-lead">{t('chat.sharedBy', { name: owner?.label || owner?.name, time: timeText(created_at, i18n.language) })}</p>
        {pages.hasNextPage && (
          <Button type="text" block loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {t('chat.earlier')}
          </Button>
        )}
        {inOrder(pages.data).map((message) => (
          <MessageRow key={message.id} message={message} />
        ))}
      </div>
    </div>
  )
}
