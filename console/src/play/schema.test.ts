import { describe, expect, it } from 'vitest'
import { emptyField, fieldsOf, kinds, schemaOf, type Field } from './schema'

const every: Field[] = kinds.map((kind, i) => ({ name: `f${i}`, kind, required: i % 2 === 0, description: i === 0 ? 'The first.' : '', choices: kind === 'choice' ? 'red\ngreen' : '' }))

describe('a schema of fields', () => {
  it('is read as the fields that it was made of', () => {
    expect(fieldsOf(schemaOf(every))).toEqual(every)
    expect(JSON.parse(schemaOf(every))).toMatchObject({ type: 'object', required: ['f0', 'f2', 'f4'], additionalProperties: false, properties: { f5: { enum: ['red', 'green'] } } })
  })
  it('has none without a name, and is none without fields', () => {
    expect(schemaOf([emptyField])).toBe('')
    expect(fieldsOf('  ')).toEqual([])
  })
  it('that says more than fields can is left to its text', () => {
    for (const text of ['{', '[]', '{"type":"array"}', '{"type":"object","patternProperties":{}}', '{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}', '{"type":"object","properties":{"a":{"$ref":"#"}}}', '{"type":"object","additionalProperties":true}', '{"type":"object","required":[1]}'])
      expect(fieldsOf(text), text).toBeNull()
  })
})
