import { useQuery } from '@tanstack/react-query'
import { api, path, type Schema } from '../api/http'
import { linesOf } from '../ui/lines'

export type Setting = Schema['Setting']
export type SettingValue = string | number | boolean | string[]

const url = path('/admin/v1/settings', {})

export const useSettings = () => useQuery({ queryKey: ['settings'], queryFn: () => api.get<Schema['SettingsShown']>(url) })
export const changeSettings = (change: Schema['SettingsChange']) => api.patch<Schema['Reloaded']>(url, change)
/** A change may give a model another name, or make room for one. */
export const staleSettings = [['settings'], ['box'], ['models'], ['engines']]

export const sectionOf = (key: string) => key.slice(0, key.lastIndexOf('.'))
export const nameOf = (key: string) => key.slice(key.lastIndexOf('.') + 1)

/** By section, in the order of the configuration, those only that have a word in key or comment. */
export function sectionsOf(settings: Setting[], search: string): [string, Setting[]][] {
  const wanted = search.trim().toLowerCase()
  const sections = new Map<string, Setting[]>()
  for (const setting of settings) {
    if (wanted && !`${setting.key} ${setting.comment}`.toLowerCase().includes(wanted)) continue
    const section = sectionOf(setting.key)
    const rows = sections.get(section)
    if (rows) rows.push(setting)
    else sections.set(section, [setting])
  }
  return [...sections]
}

/** As a field shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  return Array.isArray(value) ? value.join('\n') : String(value as string | number | boolean)
}

export const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** What was typed, as the box takes it; null: nothing, which is the setting's default. */
export function typed(setting: Setting, text: string): SettingValue | null {
  if (setting.type === 'list') return linesOf(text)
  if (setting.type !== 'number') return text
  return text.trim() === '' ? null : Number(text)
}

export type Draft = Record<string, SettingValue | null>

/** The one request that says all of a draft. */
export function changeOf(draft: Draft): Schema['SettingsChange'] {
  const set = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null))
  const reset = Object.keys(draft).filter((key) => draft[key] === null)
  return { ...(Object.keys(set).length > 0 && { set }), ...(reset.length > 0 && { reset }) }
}
