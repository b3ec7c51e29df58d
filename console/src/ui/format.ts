const formats = new Map<string, Intl.NumberFormat>()

function format(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options)
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.NumberFormat(language, options)
  formats.set(key, made)
  return made
}

export const numberText = (value: number, language: string, digits = 0) =>
  format(language, { maximumFractionDigits: digits }).format(value)

/** 1536 → "1.5 KiB"; units of 1024, as the rest of the box. */
export function bytesText(bytes: number, language: string): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes, unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${numberText(value, language, value < 10 && unit > 0 ? 1 : 0)} ${units[unit] ?? ''}`
}

export function durationText(seconds: number, language: string): string {
  const unit = (value: number, name: string) => format(language, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)
  if (seconds < 1) return unit(Math.round(seconds * 1000), 'millisecond')
  if (seconds < 90) return unit(seconds, 'second')
  if (seconds < 5400) return unit(Math.round(seconds / 60), 'minute')
  return seconds < 172_800 ? unit(Math.round(seconds / 3600), 'hour') : unit(Math.round(seconds / 86_400), 'day')
}

/** Of seconds since 1970, or of an ISO text. */
export function timeText(time: number | string, language: string): string {
  const date = new Date(typeof time === 'number' ? time * 1000 : time)
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(date)
}

/** "3 minutes ago", for what lies within a week; then the day. */
export function agoText(time: number, language: string, now = Date.now() / 1000): string {
  const past = now - time
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  if (past < 60) return relative.format(0, 'minute')
  if (past < 3600) return relative.format(-Math.floor(past / 60), 'minute')
  if (past < 86_400) return relative.format(-Math.floor(past / 3600), 'hour')
  if (past < 7 * 86_400) return relative.format(-Math.floor(past / 86_400), 'day')
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(time * 1000))
}

export function moneyText(micro: number, currency: string, language: string): string {
  return format(language, { style: 'currency', currency, maximumFractionDigits: Math.abs(micro) < 1e7 ? 4 : 2, minimumFractionDigits: 2 }).format(micro / 1e6)
}
