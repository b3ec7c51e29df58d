/** A field of an answer that is bound to a schema, as its form has it. */
export interface Field {
  name: string
  kind: Kind
  required: boolean
  description: string
  /** of 'choice': one a line */
  choices: string
}
export const kinds = ['text', 'number', 'integer', 'flag', 'texts', 'choice'] as const
export type Kind = (typeof kinds)[number]

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const has = (value: Json, ...known: string[]) => Object.keys(value).every((key) => known.includes(key))
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

export const emptyField: Field = { name: '', kind: 'text', required: true, description: '', choices: '' }

function typeOf({ kind, choices }: Field): Json {
  switch (kind) {
    case 'text':
      return { type: 'string' }
    case 'number':
      return { type: 'number' }
    case 'integer':
      return { type: 'integer' }
    case 'flag':
      return { type: 'boolean' }
    case 'texts':
      return { type: 'array', items: { type: 'string' } }
    case 'choice':
      return { type: 'string', enum: choices.split('\n').map((one) => one.trim()).filter(Boolean) }
  }
}

/** The schema of an object with these fields, as text; none where there are no fields. */
export function schemaOf(fields: Field[]): string {
  const named = fields.filter((field) => field.name.trim())
  if (named.length === 0) return ''
  const properties = named.map((field): [string, Json] => [field.name.trim(), { ...typeOf(field), ...(field.description.trim() && { description: field.description.trim() }) }])
  return JSON.stringify({ type: 'object', properties: Object.fromEntries(properties), required: named.filter((field) => field.required).map((field) => field.name.trim()), additionalProperties: false }, null, 2)
}

function kindOf(schema: Json): Pick<Field, 'kind' | 'choices'> | null {
  const { type, items } = schema
  const plain = (kind: Kind) => (has(schema, 'type', 'description') ? { kind, choices: '' } : null)
  if (type === 'string' && isTexts(schema['enum']) && has(schema, 'type', 'enum', 'description')) return { kind: 'choice', choices: schema['enum'].join('\n') }
  if (type === 'array' && isObject(items) && items['type'] === 'string' && has(items, 'type') && has(schema, 'type', 'items', 'description')) return { kind: 'texts', choices: '' }
  return type === 'string' ? plain('text') : type === 'number' ? plain('number') : type === 'integer' ? plain('integer') : type === 'boolean' ? plain('flag') : null
}

/** The fields of such a schema; null where it says more than fields can: then its text alone tells it. */
export function fieldsOf(text: string): Field[] | null {
  if (!text.trim()) return []
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(schema) || schema['type'] !== 'object' || !has(schema, 'type', 'properties', 'required', 'additionalProperties')) return null
  const { properties = {}, required = [], additionalProperties = false } = schema
  if (!isObject(properties) || !isTexts(required) || additionalProperties !== false) return null
  const fields: Field[] = []
  for (const [name, one] of Object.entries(properties)) {
    const kind = isObject(one) ? kindOf(one) : null
    if (!isObject(one) || !kind) return null
    const { description = '' } = one
    if (typeof description !== 'string') return null
    fields.push({ name, ...kind, required: required.includes(name), description })
  }
  return fields
}
