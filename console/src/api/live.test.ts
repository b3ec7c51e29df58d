import { afterEach, describe, expect, it, vi } from 'vitest'
import { LiveAnswer, add, nothing } from './live'

const line = (event: object) => `event: x\ndata: ${JSON.stringify(event)}\n\n`
const delta = (sequence_number: number, text: string) => line({ type: 'response.output_text.delta', sequence_number, delta: text })
const end = (sequence_number: number) =>
  line({ type: 'response.completed', sequence_number, response: { status: 'completed', error: null, usage: { input_tokens: 3, output_tokens: 2 } } })

afterEach(() => vi.unstubAllGlobals())

describe('an answer that is followed', () => {
  it('goes on behind the last event after the connection broke, nothing lost or twice', async () => {
    const asked: string[] = []
    const bodies = [delta(1, 'Hel') + delta(2, 'lo'), delta(2, 'lo') + delta(3, ' you') + end(4)]
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(url)
      return Promise.resolve(new Response(bodies[asked.length - 1] ?? ''))
    })
    const answer = await new LiveAnswer('resp_1').done
    expect(answer).toMatchObject({ text: 'Hello you', status: 'completed', usage: { output_tokens: 2 } })
    expect(asked).toEqual(['/v1/responses/resp_1?stream=true', '/v1/responses/resp_1?stream=true&starting_after=2'])
  })
  it('ends with what the box says where it refuses', async () => {
    const error = { error: { message: 'there is no such response', type: 'x', param: null, code: null } }
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(error), { status: 404 })))
    expect(await new LiveAnswer('resp_1').done).toMatchObject({ status: 'failed', error: 'there is no such response' })
  })
})

describe('events', () => {
  it('of thoughts and calls are kept apart from the text', () => {
    const events = [
      { type: 'response.reasoning_text.delta', sequence_number: 1, delta: 'hm' },
      { type: 'response.output_item.added', sequence_number: 2, item: { type: 'function_call', name: 'f' } },
      { type: 'response.function_call_arguments.delta', sequence_number: 3, delta: '{}' },
      { type: 'response.output_text.delta', sequence_number: 4, delta: 'a' },
    ]
    expect(events.reduce(add, nothing)).toMatchObject({ text: 'a', reasoning: 'hm', tools: [{ name: 'f', arguments: '{}' }] })
  })
})
