import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ApiError, api, onSessionEnd, path, setCsrf, send, type Schema } from './http'

export interface Session {
  user: Schema['User']
  tenant: Schema['Tenant']
  scopes: string[]
  /** The company's system that keeps how they sign in; null: the box does. */
  kept_by: 'ldap' | 'oidc' | null
  csrf_token: string
}

const url = path('/admin/v1/session', {})

/** Who is signed in; null: nobody. */
export function useSession() {
  const client = useQueryClient()
  useEffect(
    () =>
      onSessionEnd(() => {
        client.setQueryData(['session'], null)
      }),
    [client],
  )
  return useQuery({
    queryKey: ['session'],
    staleTime: Infinity,
    retry: (count, error) => !(error instanceof ApiError) && count < 5,
    queryFn: async (): Promise<Session | null> => {
      try {
        const session = (await (await send('GET', url, { quiet: true })).json()) as Session
        setCsrf(session.csrf_token)
        return session
      } catch (error) {
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null
        throw error
      }
    },
  })
}

export async function signIn(given: Schema['SignIn']): Promise<void> {
  const answer = await api.post<{ csrf_token: string }>(url, given, { quiet: true })
  setCsrf(answer.csrf_token)
}

/** The company's providers that one can sign in by in place of name and password. */
export function useProviders() {
  return useQuery({
    queryKey: ['providers'],
    staleTime: Infinity,
    queryFn: () => api.get<Schema['Providers']>(path('/admin/v1/oidc', {})),
  })
}

export const signOut = () => api.delete(url)
export const openLink = (token: string, password: string) =>
  api.post<{ user: string }>(path('/admin/v1/link', {}), { token, password }, { quiet: true })
