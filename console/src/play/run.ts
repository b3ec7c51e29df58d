import { ApiError, path, send } from '../api/http'
import { eventsOf } from '../api/events'
import { bodyOf, tokensOf, type Ask, type Chunk, type Token } from './request'

export interface Run {
  text: string
  tokens: Token[]
  raw: string[]
  request: string
  busy: boolean
  error: string | null
  firstMs: number | null
  speed: number | null
  usage: { prompt_tokens: number; completion_tokens: number } | null
}
export const none: Run = { text: '', tokens: [], raw: [], request: '', busy: false, error: null, firstMs: null, speed: null, usage: null }

const rawMax = 400
const shortestSeconds = 0.05 // what comes sooner came at once (held back until content rules have seen it): no speed

/** Asks one model and shows what comes, as it comes. */
export async function run(ask: Ask, model: string, signal: AbortSignal, show: (run: Run) => void): Promise<void> {
  const body = { ...bodyOf(ask, model), stream: true, stream_options: { include_usage: true } }
  const began = performance.now()
  let now: Run = { ...none, busy: true, request: JSON.stringify(body, null, 2) }
  let first = 0
  show(now)
  try {
    const answer = await send('POST', path('/v1/chat/completions', {}), { body, signal })
    for await (const { data } of eventsOf(answer)) {
      if (data === '[DONE]') break
      const chunk = JSON.parse(data) as Chunk
      if (chunk.error) throw new ApiError(0, chunk.error.message, null, null, null)
      const more = chunk.choices?.[0]?.delta?.content ?? ''
      if (more && first === 0) first = performance.now()
      now = {
        ...now,
        text: now.text + more,
        tokens: [...now.tokens, ...tokensOf(chunk)],
        raw: now.raw.length < rawMax ? [...now.raw, data] : now.raw,
        firstMs: first > 0 ? first - began : null,
        usage: chunk.usage ?? now.usage,
      }
      show(now)
    }
    const seconds = (performance.now() - first) / 1000
    const count = now.usage?.completion_tokens ?? 0
    now = { ...now, speed: first > 0 && count > 1 && seconds > shortestSeconds ? (count - 1) / seconds : null }
  } catch (error) {
    if (!signal.aborted) now = { ...now, error: error instanceof Error ? error.message : String(error) }
  }
  show({ ...now, busy: false })
}
