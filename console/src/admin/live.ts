import { useSyncExternalStore } from 'react'

/** What /admin/v1/live sends about every second (docs/api.md). */
export interface Figures {
  requests_open: number
  models: ModelFigures[]
}
export interface ModelFigures {
  name: string
  state: string
  healthy: boolean
  requests: number
  memory_bytes: number
  running?: number
  waiting?: number
  prompt_tokens_per_second?: number
  generated_tokens_per_second?: number
  kv_pages?: number
  kv_pages_used?: number
  resident_bytes?: number
  /** the mean of answers that came to it since the last figures; absent where none did */
  first_token_ms?: number
}
export interface Sample extends Figures {
  /** seconds since 1970 */
  time: number
}
export interface Live {
  samples: Sample[]
  connected: boolean
}

const samplesMax = 180

/** The sum of one figure over all models. */
export const total = (figures: Figures, of: (model: ModelFigures) => number | undefined) => figures.models.reduce((sum, model) => sum + (of(model) ?? 0), 0)

/** Times to the first token, the mean over the models; where no answer began it is still what it was last. */
export function firstTokens(samples: Sample[]): (number | null)[] {
  let last: number | null = null
  return samples.map(({ models }) => {
    const times = models.flatMap((model) => model.first_token_ms ?? [])
    if (times.length > 0) last = times.reduce((sum, one) => sum + one, 0) / times.length
    return last
  })
}

/** One WebSocket for everything that is live: a browser opens few connections to a host. It stands while somebody looks. */
class LiveSource {
  private now: Live = { samples: [], connected: false }
  private listeners = new Set<() => void>()
  private socket: WebSocket | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    if (this.listeners.size === 1) this.connect()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.close()
    }
  }
  snapshot = () => this.now

  private set(next: Live) {
    this.now = next
    this.listeners.forEach((tell) => tell())
  }
  private close() {
    clearTimeout(this.timer)
    this.socket?.close()
    this.socket = undefined
    this.now = { ...this.now, connected: false }
  }
  private connect() {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/admin/v1/live`)
    this.socket = socket
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      this.failures = 0
      const sample: Sample = { ...(JSON.parse(data) as Figures), time: Date.now() / 1000 }
      this.set({ samples: [...this.now.samples.slice(1 - samplesMax), sample], connected: true })
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.set({ ...this.now, connected: false })
      this.timer = setTimeout(() => this.connect(), Math.min(8000, 500 * 2 ** this.failures++))
    }
  }
}

const source = new LiveSource()

export function useLive(): Live {
  return useSyncExternalStore(source.subscribe, source.snapshot)
}
