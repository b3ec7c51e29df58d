import { describe, expect, it } from 'vitest'
import { fieldsOf, settingsOf } from './Settings'

describe('settings of a chat', () => {
  const before = { system_prompt: null, parameters: { temperature: 0.7, tools: [{ type: 'function' }] } }
  it('keep what has no field', () => {
    expect(settingsOf(before, { ...fieldsOf(before), top_p: 0.9 }).parameters).toEqual({ temperature: 0.7, top_p: 0.9, tools: [{ type: 'function' }] })
  })
  it('leave out what is empty, so that the model\'s own defaults stand', () => {
    expect(settingsOf(before, { ...fieldsOf(before), temperature: null, system_prompt: '  ' })).toEqual({ system_prompt: null, parameters: { tools: [{ type: 'function' }] } })
  })
  it('take nought for a number, not for nothing', () => {
    expect(settingsOf(before, { temperature: 0 }).parameters.temperature).toBe(0)
  })
})
