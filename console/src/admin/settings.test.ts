import { describe, expect, it } from 'vitest'
import { changeOf, sectionsOf, shown, typed, type Setting } from './settings'

const setting = (key: string, more: Partial<Setting> = {}) => ({ key, type: 'text', comment: '', ...more }) as Setting

describe('settings', () => {
  it('stand by section, in their order', () => {
    const sections = sectionsOf([setting('server.names'), setting('audit.forward.format'), setting('server.threads')], '')
    expect(sections.map(([name, rows]) => [name, rows.length])).toEqual([
      ['server', 2],
      ['audit.forward', 1],
    ])
  })
  it('are found by key and by comment', () => {
    const all = [setting('server.names', { comment: 'Names of the box' }), setting('queue.length')]
    expect(sectionsOf(all, 'NAMES')).toHaveLength(1)
    expect(sectionsOf(all, 'length')[0]?.[0]).toBe('queue')
    expect(sectionsOf(all, 'nothing')).toEqual([])
  })
})

describe('a value', () => {
  it('is shown and taken back as it was', () => {
    expect(typed(setting('a.b', { type: 'list' }), shown(['x', 'y']))).toEqual(['x', 'y'])
    expect(typed(setting('a.b', { type: 'number' }), shown(7))).toBe(7)
    expect(typed(setting('a.b'), shown('text'))).toBe('text')
  })
  it('of a number that is empty is the default', () => {
    expect(typed(setting('a.b', { type: 'number' }), ' ')).toBeNull()
  })
})

describe('a draft', () => {
  it('is one change, what is null reset in it', () => {
    expect(changeOf({ 'a.b': 1, 'a.c': null })).toEqual({ set: { 'a.b': 1 }, reset: ['a.c'] })
    expect(changeOf({ 'a.b': false })).toEqual({ set: { 'a.b': false } })
  })
})
