import { describe, expect, it } from 'vitest'
import { ApiError } from '../api/http'
import { atItsField, formOf, inserted, placed, ruleOf, type Rule } from './rules'

describe('a content rule', () => {
  it('goes through its form and comes back the same', () => {
    const rule: Rule = { name: 'cards', do: 'mask', on: ['output'], tenant: 'acme', words: ['Blue Heron', '蓝鹭'], patterns: ['\\d{4}'] }
    expect(ruleOf(formOf(rule))).toEqual(rule)
    expect(ruleOf(formOf({ name: 'a', do: 'report' }))).toEqual({ name: 'a', do: 'report' })
  })
  it('has no empty words', () => {
    expect(ruleOf({ ...formOf(undefined), name: ' x ', words: ' a \n\n\nb\n' })).toEqual({ name: 'x', do: 'refuse', words: ['a', 'b'] })
  })
  it('takes the place of the one that was changed', () => {
    expect(placed(['a', 'b'], 0, 'c')).toEqual(['c', 'b'])
    expect(placed(['a'], undefined, 'b')).toEqual(['a', 'b'])
    expect(inserted(['a', 'c'], 1, 'b')).toEqual(['a', 'b', 'c'])
  })
})

describe('what the box refuses', () => {
  const refused = new ApiError(400, 'rules[1].words: "" must have 1 to 64 characters', null, 'rules[1].words', null)
  it('stands at the field of the form', () => {
    const error = atItsField(refused, 'rules', 1) as ApiError
    expect([error.param, error.message]).toEqual(['words', '"" must have 1 to 64 characters'])
  })
  it('of another rule stays as it is', () => {
    expect(atItsField(refused, 'rules', 11)).toBe(refused)
    expect(atItsField(refused, 'labels', 1)).toBe(refused)
  })
})
