import { describe, expect, it } from 'vitest'
import { inOrderOfUse, percentOf, speedsOf, type Job, type Offer } from './models'

const job = (done: number, total: number) => ({ done, total }) as Job
const offer = (name: string, more: Partial<Offer>) => ({ name, fits: true, recommended: false, for: 'chat', bytes: 1, ...more }) as Offer

describe('a job', () => {
  it('is as far as its bytes, and nobody knows without a total', () => {
    expect(percentOf(job(1, 3))).toBe(33)
    expect(percentOf(job(5, 3))).toBe(100)
    expect(percentOf(job(7, 0))).toBeNull()
  })
})

describe('the catalogue', () => {
  it('begins with the recommended one, then what fits, small ones first', () => {
    const offers = [offer('huge', { fits: false }), offer('test', { for: 'tests' }), offer('big', { bytes: 9 }), offer('small', {}), offer('best', { recommended: true, bytes: 5 })]
    expect(inOrderOfUse(offers).map((one) => one.name)).toEqual(['best', 'small', 'big', 'test', 'huge'])
  })
})

describe('figures of a benchmark', () => {
  it('are read as the command prints them', () => {
    const result = { prefill: [{ tokens: 512, tokens_per_s: 800.5 }], decode: [{ context: 128, streams: 4, tokens_per_s: 90 }] }
    expect(speedsOf(result)).toEqual({ prompts: [{ tokens: 512, streams: 1, perSecond: 800.5 }], answers: [{ tokens: 128, streams: 4, perSecond: 90 }] })
  })
  it('may be missing', () => {
    expect(speedsOf(null)).toEqual({ prompts: [], answers: [] })
    expect(speedsOf({ prefill: 'x', decode: [null, { tokens_per_s: 'fast' }] })).toEqual({ prompts: [], answers: [] })
  })
})
