import { useEffect, useState } from 'react'
import { api, path } from '../api/http'
import { forgetAnswer, isOver, liveAnswer, stop, type Progress } from '../api/live'
import type { Message } from './types'

interface Thread {
  messages: Message[]
  leaf: string | null
}

const key = 'cofre.thread'
const load = (): Thread => {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '') as Thread
  } catch {
    return { messages: [], leaf: null }
  }
}

/** From the root to a leaf. */
export function branch({ messages, leaf }: Thread): Message[] {
  const byId = new Map(messages.map((one) => [one.id, one]))
  const found: Message[] = []
  for (let at = leaf === null ? undefined : byId.get(leaf); at; at = at.parent === null ? undefined : byId.get(at.parent)) {
    const { parent } = at
    found.push({ ...at, siblings: messages.filter((one) => one.parent === parent).map((one) => one.id) })
  }
  return found.reverse()
}

/** Where the branch through a message ends: along its newest children. */
export function leafOf(messages: Message[], id: string): string {
  for (;;) {
    const child = messages.findLast((one) => one.parent === id)
    if (!child) return id
    id = child.id
  }
}

function settled(message: Message, progress: Progress): Message {
  return {
    ...message,
    text: progress.text,
    reasoning: progress.reasoning,
    tool_calls: progress.tools,
    status: progress.status,
    error: progress.error === null ? null : { code: 'failed', message: progress.error },
    usage: progress.usage,
    speed: progress.speed === null ? null : { first_token_ms: null, tokens_per_second: progress.speed },
  }
}

/** A chat of this tab: what was said lies in the box's stored responses, their order here. */
export function useThread(model: string | undefined) {
  const [thread, setThread] = useState(load)
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(thread)), [thread])
  useEffect(() => {
    let gone = false
    for (const { id, response, status } of thread.messages) {
      if (status !== 'queued' || !response) continue
      void liveAnswer(response).done.then((progress) => {
        if (gone || !isOver(progress)) return
        setThread((now) => ({ ...now, messages: now.messages.map((one) => (one.id === id ? settled(one, progress) : one)) }))
        forgetAnswer(response)
      })
    }
    return () => {
      gone = true
    }
  }, [thread])

  const answer = async (said: Message, before: Message[]) => {
    const previous = before.find((one) => one.id === said.parent)?.response
    const response = await api.post<{ id: string }>(path('/v1/responses', {}), {
      model,
      input: said.text,
      background: true,
      ...(previous && { previous_response_id: previous }),
    })
    const message: Message = { id: response.id, parent: said.id, siblings: [], role: 'assistant', text: '', status: 'queued', model: model ?? null, response: response.id, created_at: Date.now() / 1000 }
    setThread({ messages: [...before.filter((one) => one.id !== said.id), said, message], leaf: message.id })
  }

  return {
    messages: branch(thread),
    send: (text: string, edits?: Message) => {
      const said: Message = { id: crypto.randomUUID(), parent: edits ? edits.parent : thread.leaf, siblings: [], role: 'user', text, status: 'completed', created_at: Date.now() / 1000 }
      return answer(said, thread.messages)
    },
    again: async (message: Message) => {
      const said = thread.messages.find((one) => one.id === message.parent)
      if (said) await answer(said, thread.messages)
    },
    stop: async (message: Message) => {
      if (message.response) await stop(message.response)
    },
    show: (id: string) => setThread((now) => ({ ...now, leaf: leafOf(now.messages, id) })),
    clear: () => setThread({ messages: [], leaf: null }),
  }
}
