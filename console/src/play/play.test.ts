import { describe, expect, it } from 'vitest'
import { codeOf, tongues } from './code'
import { bodyOf, surprise, tokensOf, type Ask } from './request'

const ask: Ask = { system: '', prompt: 'Is it "true"? `x`', temperature: null, max_tokens: 20, logprobs: false, schema: '' }

describe('what the playground asks', () => {
  it('says only what was set', () => {
    expect(bodyOf(ask, 'm')).toEqual({ model: 'm', messages: [{ role: 'user', content: ask.prompt }], max_tokens: 20 })
  })
  it('binds the answer to a schema', () => {
    const body = bodyOf({ ...ask, schema: '{"type":"object"}' }, 'm')
    expect(body['response_format']).toEqual({ type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } })
    expect(() => bodyOf({ ...ask, schema: '{' }, 'm')).toThrow(SyntaxError)
  })
})

describe('programs', () => {
  it('are there in every language, with the address and the question', () => {
    for (const tongue of tongues) {
      const code = codeOf(tongue, 'https://box:8443', bodyOf(ask, 'm'))
      expect(code).toContain('https://box:8443/v1')
      expect(code).toContain('Is it')
    }
  })
  it('of Python have its own words for true and null, but not inside of texts', () => {
    const code = codeOf('Python', '', { ...bodyOf({ ...ask, prompt: 'true or null' }, 'm'), stream: true, stop: null })
    expect(code).toMatch(/"true or null"[\s\S]*stream=True[\s\S]*stop=None/)
  })
  it('of Go keep a backquote out of the raw string', () => {
    expect(codeOf('Go', '', bodyOf(ask, 'm'))).toContain('` + "`" + `x` + "`" + `')
  })
})

describe('tokens', () => {
  it('have probabilities, and colours by how surprising they are', () => {
    const raw = { token: 'a', logprob: Math.log(0.5), top_logprobs: [{ token: 'b', logprob: Math.log(0.25) }] }
    const [token] = tokensOf({ choices: [{ logprobs: { content: [raw] } }] })
    expect(token?.probability).toBeCloseTo(0.5)
    expect(token?.others[0]).toMatchObject({ text: 'b' })
    expect([1, 0.7, 0.5, 0.2, 0.01].map(surprise)).toEqual([0, 1, 2, 3, 4])
  })
})
