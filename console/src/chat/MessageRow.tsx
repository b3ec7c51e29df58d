import { CopyOutlined, EditOutlined, LeftOutlined, ReloadOutlined, RightOutlined } from '@ant-design/icons'
import { Button, Input, Tooltip } from 'antd'
import { memo, useState, useSyncExternalStore, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { liveAnswer, type Progress } from '../api/live'
import { Markdown } from '../markdown/Markdown'
import { copy } from '../ui/copy'
import { durationText, numberText } from '../ui/format'
import type { Message } from './types'

export interface Deeds {
  again: (message: Message) => void
  edit: (message: Message, text: string) => void
  show: (id: string) => void
}

function Deed({ title, icon, onClick }: { title: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Tooltip title={title}>
      <Button type="text" size="small" icon={icon} aria-label={title} onClick={onClick} />
    </Tooltip>
  )
}

function Branches({ message, show }: { message: Message; show: (id: string) => void }) {
  const { t } = useTranslation()
  const { siblings } = message
  const at = siblings.indexOf(message.id)
  if (siblings.length < 2) return null
  const go = (to: number) => {
    const id = siblings[to]
    if (id) show(id)
  }
  return (
    <span className="msg-branches num">
      <Button type="text" size="small" icon={<LeftOutlined />} aria-label={t('chat.previousBranch')} disabled={at <= 0} onClick={() => go(at - 1)} />
      {t('chat.branch', { at: at + 1, count: siblings.length })}
      <Button type="text" size="small" icon={<RightOutlined />} aria-label={t('chat.nextBranch')} disabled={at >= siblings.length - 1} onClick={() => go(at + 1)} />
    </span>
  )
}

function Said({ message, deeds }: { message: Message; deeds?: Deeds | undefined }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<string>()
  return (
    <article className="msg msg-user" aria-label={t('chat.you')}>
      {draft === undefined || !deeds ? (
        <div className="msg-said">{message.text}</div>
      ) : (
        <div className="msg-edit">
          <Input.TextArea value={draft} autoSize={{ minRows: 2, maxRows: 12 }} autoFocus aria-label={t('chat.edit')} onChange={(event) => setDraft(event.target.value)} />
          <div className="msg-edit-deeds">
            <Button onClick={() => setDraft(undefined)}>{t('action.cancel')}</Button>
            <Button
              type="primary"
              disabled={!draft.trim()}
              onClick={() => {
                deeds.edit(message, draft)
                setDraft(undefined)
              }}
            >
              {t('chat.editSend')}
            </Button>
          </div>
        </div>
      )}
      {deeds && draft === undefined && (
        <div className="msg-deeds no-print">
          <Branches message={message} show={deeds.show} />
          <Deed title={t('chat.edit')} icon={<EditOutlined />} onClick={() => setDraft(message.text)} />
          <Deed title={t('action.copy')} icon={<CopyOutlined />} onClick={() => void copy(message.text)} />
        </div>
      )}
    </article>
  )
}

function Figures({ message }: { message: Message }) {
  const { t, i18n } = useTranslation()
  const parts: string[] = []
  if (message.model) parts.push(message.model)
  if (message.usage) parts.push(t('chat.tokens', { count: message.usage.output_tokens }))
  const { speed } = message
  if (speed?.tokens_per_second) parts.push(t('chat.speed', { speed: numberText(speed.tokens_per_second, i18n.language, 1) }))
  if (speed?.first_token_ms) parts.push(t('chat.firstToken', { time: durationText(speed.first_token_ms / 1000, i18n.language) }))
  return <span className="msg-figures num">{parts.join(' · ')}</span>
}

function note(message: Message, waiting: boolean, t: ReturnType<typeof useTranslation>['t']): string | null {
  if (waiting) return t('chat.reconnecting')
  switch (message.status) {
    case 'queued':
      return t('chat.queued')
    case 'in_progress':
      return message.text ? null : message.reasoning ? t('chat.thinking') : t('chat.writing')
    case 'cancelled':
      return t('chat.stopped')
    case 'incomplete':
      return t('chat.cut')
    case 'failed':
      return t('chat.failed', { error: message.error?.message ?? '' })
    default:
      return null
  }
}

function Answer({ message, waiting = false, deeds }: { message: Message; waiting?: boolean; deeds?: Deeds | undefined }) {
  const { t } = useTranslation()
  const busy = message.status === 'queued' || message.status === 'in_progress'
  const told = note(message, waiting, t)
  return (
    <article className="msg msg-answer" aria-label={message.model ?? t('chat.model')} aria-busy={busy}>
      {message.reasoning && (
        <details className="msg-thought">
          <summary>{busy && !message.text ? t('chat.thinking') : t('chat.thought')}</summary>
          <div>{message.reasoning}</div>
        </details>
      )}
      <Markdown text={message.text} />
      {message.tool_calls.map((call, i) => (
        <details className="msg-thought" key={i}>
          <summary>{t('chat.tool', { name: call.name })}</summary>
          <pre className="mono">{call.arguments}</pre>
        </details>
      ))}
      {told && (
        <p className={message.status === 'failed' ? 'msg-note msg-wrong' : 'msg-note'} role={message.status === 'failed' ? 'alert' : undefined}>
          {busy && <span className="msg-pulse" aria-hidden="true" />}
          {told}
        </p>
      )}
      <div className="msg-deeds no-print">
        {deeds && <Branches message={message} show={deeds.show} />}
        {!busy && message.text && <Deed title={t('action.copy')} icon={<CopyOutlined />} onClick={() => void copy(message.text)} />}
        {!busy && deeds && <Deed title={t('chat.regenerate')} icon={<ReloadOutlined />} onClick={() => deeds.again(message)} />}
        <Figures message={message} />
      </div>
    </article>
  )
}

function withProgress(message: Message, progress: Progress): Message {
  const { text, reasoning, tools, status, error, usage, speed } = progress
  return {
    ...message,
    text,
    reasoning,
    tool_calls: tools,
    status,
    usage,
    error: error === null ? null : { code: '', message: error },
    speed: speed === null ? null : { first_token_ms: 0, tokens_per_second: speed },
  }
}

const silent = { subscribe: () => () => undefined, snapshot: () => null }

/** Only this row is drawn anew while its answer is written. It stays the same row when that ends: what was unfolded stays so. */
function Followed({ message, deeds }: { message: Message; deeds?: Deeds | undefined }) {
  const live = message.status === 'queued' && message.response ? liveAnswer(message.response) : silent
  const progress = useSyncExternalStore<Progress | null>(live.subscribe, live.snapshot)
  return <Answer message={progress ? withProgress(message, progress) : message} waiting={progress?.waiting ?? false} deeds={deeds} />
}

export const MessageRow = memo(({ message, deeds }: { message: Message; deeds?: Deeds | undefined }) => (message.role === 'user' ? <Said message={message} deeds={deeds} /> : <Followed message={message} deeds={deeds} />))
MessageRow.displayName = 'MessageRow'
