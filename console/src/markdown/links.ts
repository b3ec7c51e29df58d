/** Where a link may lead, or nothing: an address that a browser opens, not one that runs. */
export function safeLink(href: string): URL | null {
  try {
    const url = new URL(href)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url : null
  } catch {
    return null
  }
}

/** What is shown beside a link's text: its host, unless the text says it already. */
export function shownHost(url: URL, text: string): string | null {
  const host = url.protocol === 'mailto:' ? url.pathname : url.host
  return text.trim() === url.href || text.trim() === host ? null : host
}

/** Text of Markdown without its signs, for titles and lists. */
export function unescapeEntities(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: '\u00a0' }
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => names[name] ?? '')
}
