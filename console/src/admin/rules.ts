import { ApiError } from '../api/http'
import { linesOf } from '../ui/lines'

/** docs/rules.md */
export interface Rule {
  name: string
  do: 'report' | 'mask' | 'refuse'
  on?: ('input' | 'output')[]
  tenant?: string
  words?: string[]
  patterns?: string[]
}
export interface Label {
  tenant?: string
  visible?: string
  producer?: string
}
export interface Rules {
  rules: Rule[]
  labels: Label[]
}

/** A rule as its form has it: lists one a line. */
export interface RuleForm {
  name: string
  do: Rule['do']
  on: ('input' | 'output')[]
  tenant?: string
  words?: string
  patterns?: string
}

export function formOf(rule: Rule | undefined): RuleForm {
  return {
    name: rule?.name ?? '',
    do: rule?.do ?? 'refuse',
    on: rule?.on ?? ['input', 'output'],
    ...(rule?.tenant && { tenant: rule.tenant }),
    words: rule?.words?.join('\n') ?? '',
    patterns: rule?.patterns?.join('\n') ?? '',
  }
}

export function ruleOf({ name, do: deed, on, tenant, words, patterns }: RuleForm): Rule {
  const listed = { words: linesOf(words ?? ''), patterns: linesOf(patterns ?? '') }
  return {
    name: name.trim(),
    do: deed,
    ...(on.length === 1 && { on }),
    ...(tenant && { tenant }),
    ...(listed.words.length > 0 && { words: listed.words }),
    ...(listed.patterns.length > 0 && { patterns: listed.patterns }),
  }
}

/** The list with one put at a place; behind the last where there is none. */
export const placed = <T>(list: T[], at: number | undefined, one: T): T[] => (at === undefined ? [...list, one] : list.map((before, i) => (i === at ? one : before)))
export const inserted = <T>(list: T[], at: number, one: T): T[] => [...list.slice(0, at), one, ...list.slice(at)]

/** The box names the place in the whole list, "rules[2].words"; the form knows its own field, "words". */
export function atItsField(error: unknown, list: keyof Rules, at: number): unknown {
  if (!(error instanceof ApiError) || !error.param?.startsWith(`${list}[${at}].`)) return error
  const field = error.param.slice(error.param.indexOf('.') + 1)
  const text = error.message.startsWith(`${error.param}: `) ? error.message.slice(error.param.length + 2) : error.message
  return new ApiError(error.status, text, error.code, field, error.retryAfter)
}
