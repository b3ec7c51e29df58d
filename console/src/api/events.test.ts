import { describe, expect, it } from 'vitest'
import { EventParser } from './events'

describe('a stream of events', () => {
  it('is the same wherever its pieces end', () => {
    const text = 'event: a\ndata: {"x":1}\n\n: comment\ndata: one\ndata: two\n\ndata: [DONE]\n\n'
    const whole = new EventParser().take(text)
    expect(whole).toEqual([
      { event: 'a', data: '{"x":1}' },
      { event: 'message', data: 'one\ntwo' },
      { event: 'message', data: '[DONE]' },
    ])
    for (let at = 1; at < text.length; ++at) {
      const parser = new EventParser()
      expect([...parser.take(text.slice(0, at)), ...parser.take(text.slice(at))]).toEqual(whole)
    }
  })
  it('gives no event whose end has not come', () => {
    expect(new EventParser().take('data: {"x":1}\n')).toEqual([])
  })
  it('reads lines that end with CR LF, also between two pieces', () => {
    const parser = new EventParser()
    expect([...parser.take('data: a\r'), ...parser.take('\n\r\n')]).toEqual([{ event: 'message', data: 'a' }])
  })
})
