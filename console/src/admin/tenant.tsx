import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { useSession, type Session } from '../api/session'

export function useTenants() {
  return useQuery({ queryKey: ['tenants'], queryFn: async () => (await api.get<Required<Schema['Tenants']>>(path('/admin/v1/tenants', {}))).tenants })
}

let chosen: string | undefined

/** The name of the tenant whose people are looked at: one's own, unless another one was chosen. */
export function useTenant(): { tenant: string | undefined; choose: (name: string) => void } {
  const own = useSession().data?.tenant.name
  const [now, setNow] = useState(chosen)
  const choose = (name: string) => {
    chosen = name
    setNow(name)
  }
  return { tenant: now ?? own, choose }
}

/** Nothing where there is one tenant only. */
export function TenantChoice({ tenant, choose }: ReturnType<typeof useTenant>) {
  const { t } = useTranslation()
  const tenants = useTenants().data?.filter((one) => one.state !== 'deleted') ?? []
  if (tenants.length < 2) return null
  return <Select value={tenant} aria-label={t('people.tenant')} onChange={choose} options={tenants.map((one) => ({ value: one.name, label: one.name }))} style={{ minWidth: 140 }} />
}

/** The tenant whose administrators run the box itself (docs/accounts.md). */
export const isHome = (session: Session | null | undefined) => session?.tenant.name === 'home'

export function useCan(scope: string): boolean {
  return useSession().data?.scopes.includes(scope) ?? false
}
