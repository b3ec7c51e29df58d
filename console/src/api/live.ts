import { ApiError, send } from './http'
import { eventsOf } from './events'

export interface ToolCall {
  name: string
  arguments: string
}

export interface Usage {
  input_tokens: number
  output_tokens: number
}

/** What is known of an answer while it is written. */
export interface Progress {
  text: string
  reasoning: string
  tools: ToolCall[]
  status: 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'
  error: string | null
  usage: Usage | null
  /** tokens a second, as this browser sees them come; the first ones are its own count */
  speed: number | null
  /** the connection is lost and tried anew */
  waiting: boolean
}

export const nothing: Progress = { text: '', reasoning: '', tools: [], status: 'queued', error: null, usage: null, speed: null, waiting: false }

interface ResponseEvent {
  type: string
  sequence_number: number
  delta?: string
  item?: { type: string; name?: string; arguments?: string }
  response?: { status: Progress['status']; error: { message: string } | null; usage: Usage | null }
}

export const isOver = (progress: Progress) => !['queued', 'in_progress'].includes(progress.status)

/** What an event of /v1/responses adds. */
export function add(before: Progress, event: ResponseEvent): Progress {
  switch (event.type) {
    case 'response.output_text.delta':
      return { ...before, status: 'in_progress', text: before.text + (event.delta ?? '') }
    case 'response.reasoning_text.delta':
      return { ...before, status: 'in_progress', reasoning: before.reasoning + (event.delta ?? '') }
    case 'response.output_item.added':
      if (event.item?.type !== 'function_call') return before
      return { ...before, tools: [...before.tools, { name: event.item.name ?? '', arguments: '' }] }
    case 'response.function_call_arguments.delta': {
      const last = before.tools.at(-1)
      if (!last) return before
      return { ...before, tools: [...before.tools.slice(0, -1), { ...last, arguments: last.arguments + (event.delta ?? '') }] }
    }
    default: {
      const response = event.response
      if (!response) return before
      return { ...before, status: response.status, error: response.error?.message ?? null, usage: response.usage }
    }
  }
}

const flushMs = 50
const waitMs = [250, 500, 1000, 2000, 4000]

/** Follows an answer that the box writes in the background until its end. A connection that breaks is made anew and goes
 *  on behind the last event that came, so that nothing is lost or twice. */
export class LiveAnswer {
  private now: Progress
  private listeners = new Set<() => void>()
  private last = -1
  private began = 0
  private deltas = 0
  private readonly ended = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined
  private told: Progress
  readonly done: Promise<Progress>

  constructor(readonly response: string) {
    this.now = this.told = nothing
    this.done = this.follow()
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  snapshot = () => this.told

  /** Stops following; the box goes on writing. */
  leave() {
    this.ended.abort()
  }

  private set(next: Progress, atOnce = false) {
    this.now = next
    if (!atOnce && this.timer !== undefined) return
    const tell = () => {
      this.timer = undefined
      this.told = this.now
      this.listeners.forEach((listener) => listener())
    }
    if (atOnce) {
      clearTimeout(this.timer)
      tell()
    } else {
      this.timer = setTimeout(tell, flushMs)
    }
  }

  private take(event: ResponseEvent) {
    if (event.sequence_number <= this.last) return
    this.last = event.sequence_number
    let next = add(this.now, event)
    if (event.delta !== undefined) {
      if (this.began === 0) this.began = performance.now()
      else this.deltas += 1
      const seconds = (performance.now() - this.began) / 1000
      if (seconds > 0.3) next = { ...next, speed: this.deltas / seconds }
    }
    if (next.usage && this.began > 0 && next.speed !== null) {
      next = { ...next, speed: (next.usage.output_tokens - 1) / ((performance.now() - this.began) / 1000) }
    }
    this.set(next, isOver(next))
  }

  private async once() {
    const answer = await send('GET', `/v1/responses/${encodeURIComponent(this.response)}`, {
      query: { stream: 'true', starting_after: this.last >= 0 ? this.last : undefined },
      signal: this.ended.signal,
    })
    if (this.now.waiting) this.set({ ...this.now, waiting: false }, true)
    for await (const { data } of eventsOf(answer)) {
      if (data === '[DONE]') continue
      this.take(JSON.parse(data) as ResponseEvent)
      if (isOver(this.now)) return
    }
  }

  private async follow(): Promise<Progress> {
    for (let failures = 0; !this.ended.signal.aborted; ++failures) {
      const before = this.last
      try {
        await this.once()
        if (isOver(this.now)) return this.now
      } catch (error) {
        if (this.ended.signal.aborted) break
        const lost = !(error instanceof ApiError) || error.status >= 500 || error.status === 429
        if (!lost) {
          this.set({ ...this.now, status: 'failed', error: (error as Error).message }, true)
          return this.now
        }
      }
      if (this.last > before) failures = 0
      this.set({ ...this.now, waiting: true }, true)
      await new Promise((resolve) => setTimeout(resolve, waitMs[Math.min(failures, waitMs.length - 1)]))
    }
    return this.now
  }
}

const known = new Map<string, LiveAnswer>()

/** The one follower of an answer in this page, however often it is asked for. */
export function liveAnswer(response: string): LiveAnswer {
  const before = known.get(response)
  if (before) return before
  const made = new LiveAnswer(response)
  known.set(response, made)
  return made
}

/** What has settled elsewhere is not kept here. */
export const forgetAnswer = (response: string) => known.delete(response)

export async function stop(response: string): Promise<void> {
  await send('POST', `/v1/responses/${encodeURIComponent(response)}/cancel`)
}
