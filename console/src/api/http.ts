import type { components, paths } from './schema'

export type Schema = components['schemas']
export type Path = keyof paths

/** What the box refuses, as it says it: `param` names the field, `code` is a word for programs. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null,
    readonly param: string | null,
    readonly retryAfter: number | null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

/** A route's path with its names filled in. A route that the box no longer has is an error of the compiler. */
export function path<P extends Path>(pattern: P, names: Record<Names<P>, string | number>): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name as Names<P>])))
}

let csrf = ''
/** What requests of a session repeat (docs/accounts.md). */
export function setCsrf(token: string): void {
  csrf = token
}

const listeners = new Set<() => void>()
/** Is told when the box says that the session is over. */
export function onSessionEnd(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export interface Options {
  body?: unknown
  query?: Record<string, string | number | undefined>
  signal?: AbortSignal
  /** a 401 is an answer here, not the end of a session */
  quiet?: boolean
}

async function refusal(answer: Response): Promise<ApiError> {
  const after = Number(answer.headers.get('Retry-After'))
  const retry = Number.isFinite(after) && after > 0 ? after : null
  try {
    const { error } = (await answer.json()) as Schema['Error']
    return new ApiError(answer.status, error.message, error.code, error.param, retry)
  } catch {
    return new ApiError(answer.status, answer.statusText || `HTTP ${answer.status}`, null, null, retry)
  }
}

export async function send(method: string, url: string, { body, query, signal, quiet }: Options = {}): Promise<Response> {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== '') search.set(name, String(value))
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf
  const answer = await fetch(search.size > 0 ? `${url}?${search}` : url, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    credentials: 'same-origin',
  })
  if (answer.ok) return answer
  if (answer.status === 401 && !quiet) listeners.forEach((tell) => tell())
  throw await refusal(answer)
}

/** Sends a file as it is, and tells how much of it has gone, which fetch() cannot. */
export function upload<T>(url: string, file: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest()
    asked.open('POST', url)
    asked.setRequestHeader('Content-Type', 'application/octet-stream')
    asked.setRequestHeader('X-CSRF-Token', csrf)
    asked.upload.onprogress = ({ loaded }) => sent(loaded)
    asked.onload = () => {
      const answer = new Response(asked.responseText, { status: asked.status, statusText: asked.statusText })
      if (answer.ok) resolve(answer.json() as Promise<T>)
      else void refusal(answer).then(reject)
    }
    asked.onerror = () => reject(new TypeError('the connection broke'))
    asked.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    signal.addEventListener('abort', () => asked.abort(), { once: true })
    asked.send(file)
  })
}

async function json<T>(method: string, url: string, options?: Options): Promise<T> {
  return (await (await send(method, url, options)).json()) as T
}

export const api = {
  get: <T>(url: string, query?: Options['query'], signal?: AbortSignal) => json<T>('GET', url, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(url: string, body?: unknown, options?: Options) => json<T>('POST', url, { body, ...options }),
  put: <T>(url: string, body?: unknown) => json<T>('PUT', url, { body }),
  patch: <T>(url: string, body?: unknown) => json<T>('PATCH', url, { body }),
  delete: <T>(url: string) => json<T>('DELETE', url),
}
