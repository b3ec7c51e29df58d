import { FolderOutlined, MessageOutlined, PlusOutlined } from '@ant-design/icons'
import { Link, useNavigate } from '@tanstack/react-router'
import { App, Button, Dropdown, Form, Input, Select } from 'antd'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { path } from '../api/http'
import { FormDialog, useDeed, useUndo } from '../ui/deeds'
import { Empty, Failed, Waiting } from '../ui/states'
import { useChatDeeds, useChats, useFolders } from './chats'
import type { Chat } from './types'

const undoMs = 8000

/** One's chats: searched, in folders, last used first. */
export function History({ current, chosen }: { current: string | undefined; chosen: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const navigate = useNavigate()
  const deed = useDeed()
  const undo = useUndo()
  const [search, setSearch] = useState('')
  const [folder, setFolder] = useState<string>()
  const [renamed, setRenamed] = useState<Chat>()
  const [moved, setMoved] = useState<Chat>()
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const query = useDeferredValue(search.trim())
  const chats = useChats(query, folder)
  const folders = useFolders().data ?? []
  const deeds = useChatDeeds(current)
  const rows = chats.rows?.filter((chat) => !hidden.has(chat.id)) ?? []

  // Hidden at once, deleted when nobody has taken it back for a while.
  const remove = (chat: Chat) => {
    setHidden((now) => new Set(now).add(chat.id))
    if (chat.id === current) void navigate({ to: '/chat' })
    const timer = setTimeout(() => void deed(() => deeds.remove(chat.id), []), undoMs)
    undo(t('chat.deleted'), async () => {
      clearTimeout(timer)
      setHidden((now) => new Set([...now].filter((id) => id !== chat.id)))
      return Promise.resolve()
    })
  }
  const share = (chat: Chat) =>
    void deed(async () => {
      const { id, department } = await deeds.share(chat.id)
      await navigator.clipboard.writeText(`${location.origin}/console/shared/${id}`)
      void message.success(t('chat.shared', { name: department.name }), 6)
    }, [])
  const menuOf = (chat: Chat) => [
    { key: 'rename', label: t('chat.rename'), onClick: () => setRenamed(chat) },
    { key: 'move', label: t('chat.move'), onClick: () => setMoved(chat) },
    { key: 'share', label: chat.share ? t('chat.shareAgain') : t('chat.share'), onClick: () => share(chat) },
    ...(chat.share ? [{ key: 'unshare', label: t('chat.unshare'), onClick: () => void deed(() => deeds.unshare(chat.id), [], t('chat.unshared')) }] : []),
    {
      key: 'export',
      label: (
        <a href={`${path('/console/v1/chats/{chat}/export', { chat: chat.id })}?format=markdown`} download={`${chat.title || 'chat'}.md`}>
          {t('chat.export')}
        </a>
      ),
    },
    { key: 'delete', danger: true, label: t('action.delete'), onClick: () => remove(chat) },
  ]
  return (
    <nav className="history" aria-label={t('chat.history')}>
      <Link to="/chat" className="history-new" onClick={chosen}>
        <PlusOutlined /> {t('chat.new')}
      </Link>
      <Input.Search allowClear value={search} placeholder={t('chat.search')} aria-label={t('chat.search')} onChange={(event) => setSearch(event.target.value)} />
      {folders.length > 0 && (
        <Select
          allowClear
          variant="borderless"
          prefix={<FolderOutlined />}
          placeholder={t('chat.allFolders')}
          aria-label={t('chat.folder')}
          value={folder}
          onChange={setFolder}
          options={folders.map((one) => ({ value: one.name, label: `${one.name} (${one.chats ?? 0})` }))}
        />
      )}
      {chats.isPending && <Waiting />}
      {chats.isError && <Failed error={chats.error} retry={() => void chats.refetch()} />}
      {chats.data && rows.length === 0 && <Empty icon={<MessageOutlined />} title={query ? t('chat.noneFound') : t('chat.none')} text={query ? undefined : t('chat.noneText')} />}
      <ul className="history-rows">
        {rows.map((chat) => (
          <li key={chat.id} className={chat.id === current ? 'history-row history-now' : 'history-row'}>
            <Link to="/chat/$chat" params={{ chat: chat.id }} aria-current={chat.id === current ? 'page' : undefined} onClick={chosen}>
              <span className="history-title">{chat.title || t('chat.untitled')}</span>
              {chat.match?.text && <span className="history-match">{chat.match.text}</span>}
            </Link>
            <Dropdown trigger={['click']} menu={{ items: menuOf(chat) }}>
              <Button type="text" size="small" aria-label={`${t('action.more')}: ${chat.title || t('chat.untitled')}`}>
                …
              </Button>
            </Dropdown>
          </li>
        ))}
      </ul>
      {chats.hasNextPage && (
        <Button type="text" block loading={chats.isFetchingNextPage} onClick={() => void chats.fetchNextPage()}>
          {t('chat.older')}
        </Button>
      )}
      <FormDialog title={t('chat.rename')} action={t('action.save')} open={renamed !== undefined} close={() => setRenamed(undefined)} initial={{ title: renamed?.title ?? '' }} submit={async (given: { title: string }) => { if (renamed) await deeds.change(renamed.id, given) }}>
        <Form.Item name="title" label={t('chat.titleOf')}>
          <Input autoFocus maxLength={200} />
        </Form.Item>
      </FormDialog>
      <FormDialog title={t('chat.move')} action={t('action.save')} open={moved !== undefined} close={() => setMoved(undefined)} initial={{ folder: moved?.folder ?? '' }} submit={async ({ folder: to }: { folder?: string }) => { if (moved) await deeds.change(moved.id, { folder: to?.trim() ? to.trim() : null }) }}>
        <Form.Item name="folder" label={t('chat.folder')} extra={t('chat.folderHelp')}>
          <Input autoFocus maxLength={100} list="folders" />
        </Form.Item>
        <datalist id="folders">
          {folders.map((one) => (
            <option key={one.name} value={one.name} />
          ))}
        </datalist>
      </FormDialog>
    </nav>
  )
}
