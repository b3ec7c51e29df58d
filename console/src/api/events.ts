/** One event of a stream (HTML Living Standard §9.2). */
export interface ServerEvent {
  event: string
  data: string
}

/** Takes a stream apart as it comes: pieces may end anywhere, inside a line too. */
export class EventParser {
  private rest = ''
  private event = ''
  private data: string[] = []

  take(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    const events: ServerEvent[] = []
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) events.push({ event: this.event || 'message', data: this.data.join('\n') })
        this.event = ''
        this.data = []
      } else if (!line.startsWith(':')) {
        const colon = line.indexOf(':')
        const name = colon < 0 ? line : line.slice(0, colon)
        const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
        if (name === 'data') this.data.push(value)
        else if (name === 'event') this.event = value
      }
    }
    return events
  }
}

export async function* eventsOf(answer: Response): AsyncGenerator<ServerEvent> {
  if (!answer.body) return
  const parser = new EventParser()
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      yield* parser.take(value)
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}
