import { ArrowDownOutlined, PlusOutlined } from '@ant-design/icons'
import Sender from '@ant-design/x/es/sender'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { App, Button, Select } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'
import { useModels } from '../api/models'
import { Mark } from '../ui/Mark'
import { Empty, Failed, Waiting } from '../ui/states'
import './chat.css'
import { useThread } from './local'
import { MessageRow, type Deeds } from './MessageRow'
import { useBottom } from './useBottom'

export function ChatPage() {
  const { t } = useTranslation()
  const { message: tell } = App.useApp()
  const navigate = useNavigate()
  const { ask } = useSearch({ strict: false }) as { ask?: string }
  const models = useModels()
  const [chosen, setChosen] = useState(() => localStorage.getItem('cofre.pick') ?? undefined)
  const model = models.data?.find((one) => one.id === chosen)?.id ?? models.data?.[0]?.id
  const thread = useThread(model)
  const [draft, setDraft] = useState('')
  const [sending, setSending] = useState(false)
  const { place, inner, isAway, toBottom } = useBottom()
  const { messages } = thread
  const last = messages.at(-1)
  const busy = sending || last?.status === 'queued' || last?.status === 'in_progress'

  const attempt = async (deed: () => Promise<void>) => {
    setSending(true)
    try {
      await deed()
      toBottom()
    } catch (error) {
      void tell.error(error instanceof ApiError ? error.message : t('app.unreachable'))
      throw error
    } finally {
      setSending(false)
    }
  }
  const say = (text: string) => {
    if (!text.trim() || busy) return
    setDraft('')
    attempt(() => thread.send(text)).catch(() => setDraft(text))
  }
  const asked = useRef(false)
  useEffect(() => {
    if (!ask || asked.current || !model) return
    asked.current = true
    void navigate({ to: '/chat', search: {}, replace: true })
    say(ask)
  })
  const now = useRef(thread)
  useEffect(() => {
    now.current = thread
  })
  const deeds = useMemo<Deeds>(
    () => ({
      again: (message) => void now.current.again(message).catch(() => undefined),
      edit: (message, text) => void now.current.send(text, message).catch(() => undefined),
      show: (id) => now.current.show(id),
    }),
    [],
  )

  if (models.isPending) return <Waiting />
  if (models.isError) return <Failed error={models.error} retry={() => void models.refetch()} />
  if (!model) return <Empty title={t('chat.noModels')} text={t('chat.noModelsText')} />
  return (
    <div className="chat">
      <div className="chat-head no-print">
        <Select
          variant="borderless"
          value={model}
          aria-label={t('chat.model')}
          popupMatchSelectWidth={false}
          options={models.data.map((one) => ({ value: one.id, label: one.id }))}
          onChange={(id) => {
            localStorage.setItem('cofre.pick', id)
            setChosen(id)
          }}
        />
        <span className="chat-head-space" />
        <Button icon={<PlusOutlined />} onClick={thread.clear} disabled={messages.length === 0 || busy}>
          {t('chat.new')}
        </Button>
      </div>
      <div className="chat-list" ref={place} tabIndex={0} role="region" aria-label={t('chat.messages')}>
        <div className="chat-inner" ref={inner}>
          {messages.length === 0 && (
            <div className="welcome">
              <Mark size={44} />
              <h1>{t('chat.emptyTitle')}</h1>
              <p>{t('chat.emptyText')}</p>
              <div className="starters">
                {([t('chat.starter1'), t('chat.starter2'), t('chat.starter3')] as string[]).map((text) => (
                  <Button key={text} onClick={() => setDraft(text)}>
                    {text}
                  </Button>
                ))}
              </div>
            </div>
          )}
          {messages.map((message) => (
            <MessageRow key={message.id} message={message} deeds={deeds} />
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
              if (last) void thread.stop(last)
            }}
          />
        </div>
      </div>
    </div>
  )
}
