import { ArrowDownOutlined, MenuOutlined, PrinterOutlined, SettingOutlined } from '@ant-design/icons'
import Sender from '@ant-design/x/es/sender'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { App, Button, Drawer, Select, Tooltip } from 'antd'
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'
import { useDeed } from '../ui/deeds'
import { Mark } from '../ui/Mark'
import { Empty, Failed, Waiting } from '../ui/states'
import './chat.css'
import { useChat, useChatDeeds, useMessages } from './chats'
import { History } from './History'
import { MessageRow, type Deeds } from './MessageRow'
import { pickOf, pickText, usePicks } from './pick'
import type { ChatSettings } from './Settings'
import { useBottom } from './useBottom'

const Settings = lazy(() => import('./Settings').then((file) => ({ default: file.Settings })))
const unset: ChatSettings = { system_prompt: null, parameters: {} }

/** Who answers here: what the chat says, else what was last chosen, else the first model. */
function usePick(chat: ReturnType<typeof useChat>['data'], given: string | undefined) {
  const { models, assistants, options } = usePicks()
  const [chosen, setChosen] = useState(() => given ?? localStorage.getItem('cofre.pick') ?? undefined)
  const known = (pick: string) => models.data?.some((one) => one.id === pick) || assistants.data?.some((one) => pickText({ assistant: one.id }) === pick)
  const wanted = chat ? (chat.assistant ? pickText({ assistant: chat.assistant }) : (chat.model ?? undefined)) : chosen
  const pick = wanted && known(wanted) ? wanted : models.data?.[0]?.id
  const assistant = assistants.data?.find((one) => pickText({ assistant: one.id }) === pick)
  return { models, options, pick, assistant, choose: setChosen }
}

export function ChatPage() {
  const { t } = useTranslation()
  const { message: tell } = App.useApp()
  const navigate = useNavigate()
  const deed = useDeed()
  const { chat: id } = useParams({ strict: false }) as { chat?: string }
  const { ask, assistant: given } = useSearch({ strict: false }) as { ask?: string; assistant?: string }
  const chat = useChat(id).data
  const thread = useMessages(id)
  const deeds = useChatDeeds(id)
  const { models, options, pick, assistant, choose } = usePick(chat, given && pickText({ assistant: given }))
  const [draft, setDraft] = useState('')
  const [sending, setSending] = useState(false)
  const [fresh, setFresh] = useState(unset)
  const [open, setOpen] = useState<'settings' | 'history'>()
  const { place, inner, isAway, toBottom } = useBottom()
  const { messages } = thread
  const last = messages.at(-1)
  const busy = sending || last?.status === 'queued'

  const say = (text: string) => {
    if (!text.trim() || busy || !pick) return
    const send = async () => {
      setDraft('')
      setSending(true)
      try {
        const to = id ?? (await deeds.create({ ...pickOf(pick), ...fresh })).id
        await deeds.say(to, { text })
        if (!id) {
          setFresh(unset)
          await navigate({ to: '/chat/$chat', params: { chat: to }, replace: true })
        }
        toBottom()
      } catch (error) {
        setDraft(text)
        void tell.error(error instanceof ApiError ? error.message : t('app.unreachable'))
      } finally {
        setSending(false)
      }
    }
    void send()
  }
  const asked = useRef(false)
  useEffect(() => {
    if (!ask || asked.current || !pick) return
    asked.current = true
    say(ask)
  })
  const rowDeeds = useMemo<Deeds>(
    () => ({
      again: (message) => void deed(() => deeds.again(message), []),
      edit: (message, text) => {
        if (id) void deed(() => deeds.say(id, { text, edits: message.id }), [])
      },
      show: (leaf) => void deed(() => deeds.show(leaf), []),
    }),
    [deed, deeds, id],
  )
  const change = (next: string) => {
    localStorage.setItem('cofre.pick', next)
    choose(next)
    const to = pickOf(next)
    if (id) void deed(() => deeds.change(id, 'model' in to ? { model: to.model, assistant: null } : { model: null, assistant: to.assistant }), [])
  }
  const save = async (next: ChatSettings) => {
    if (id) return deed(() => deeds.change(id, next), [])
    setFresh(next)
    return true
  }

  if (models.isPending) return <Waiting />
  if (models.isError) return <Failed error={models.error} retry={() => void models.refetch()} />
  if (!pick) return <Empty title={t('chat.noModels')} text={t('chat.noModelsText')} />
  const starters = assistant?.starters.length ? assistant.starters : [t('chat.starter1'), t('chat.starter2'), t('chat.starter3')]
  const history = <History current={id} chosen={() => setOpen(undefined)} />
  return (
    <div className="chat-page">
      <aside className="chat-side no-print">{history}</aside>
      <Drawer placement="left" size={300} open={open === 'history'} onClose={() => setOpen(undefined)} title={t('chat.history')} styles={{ body: { padding: 0 } }}>
        {history}
      </Drawer>
      <div className="chat">
        <div className="chat-head no-print">
          <Button className="chat-menu" type="text" icon={<MenuOutlined />} aria-label={t('chat.history')} onClick={() => setOpen('history')} />
          <Select variant="borderless" value={pick} aria-label={t('chat.model')} popupMatchSelectWidth={false} {...(options && { options })} onChange={change} className="chat-pick" />
          <span className="chat-head-space" />
          {messages.length > 0 && (
            <Tooltip title={t('chat.print')}>
              <Button type="text" icon={<PrinterOutlined />} aria-label={t('chat.print')} onClick={() => window.print()} />
            </Tooltip>
          )}
          <Tooltip title={t('settings.title')}>
            <Button type="text" icon={<SettingOutlined />} aria-label={t('settings.title')} onClick={() => setOpen('settings')} />
          </Tooltip>
        </div>
        <div className="chat-list" ref={place} tabIndex={0} role="region" aria-label={t('chat.messages')}>
          <div className="chat-inner" ref={inner}>
            {id && thread.isPending && <Waiting />}
            {thread.isError && <Failed error={thread.error} retry={() => void thread.refetch()} />}
            {thread.hasNextPage && (
              <Button type="text" block loading={thread.isFetchingNextPage} onClick={() => void thread.fetchNextPage()}>
                {t('chat.earlier')}
              </Button>
            )}
            {!id && (
              <div className="welcome">
                <Mark size={44} />
                <h1>{assistant ? assistant.title || assistant.name : t('chat.emptyTitle')}</h1>
                <p>{assistant?.description ? assistant.description : t('chat.emptyText')}</p>
                <div className="starters">
                  {starters.map((text) => (
                    <Button key={text} onClick={() => setDraft(text)}>
                      {text}
                    </Button>
                  ))}
                </div>
              </div>
            )}
            {messages.map((message) => (
              <MessageRow key={message.id} message={message} deeds={rowDeeds} />
            ))}
          </div>
        </div>
        <div className="chat-foot no-print">
          {isAway && <Button className="chat-down" shape="circle" icon={<ArrowDownOutlined />} aria-label={t('chat.toBottom')} onClick={toBottom} />}
          <div className="chat-foot-inner">
            <Sender
              value={draft}
              onChange={setDraft}
              placeholder={t('chat.placeholder')}
              autoSize={{ minRows: 1, maxRows: 10 }}
              loading={busy}
              suffix={(_, { components: { SendButton, LoadingButton } }) => (busy ? <LoadingButton aria-label={t('chat.stop')} /> : <SendButton aria-label={t('chat.send')} />)}
              onSubmit={say}
              onCancel={() => {
                if (last) void deeds.stop(last)
              }}
            />
          </div>
        </div>
      </div>
      {open === 'settings' && (
        <Suspense fallback={null}>
          <Settings close={() => setOpen(undefined)} now={chat ? { system_prompt: chat.system_prompt, parameters: chat.parameters } : fresh} save={save} />
        </Suspense>
      )}
    </div>
  )
}
