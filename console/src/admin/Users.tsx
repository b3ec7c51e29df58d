import { PlusOutlined, TeamOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Dropdown, Form, Input, Segmented, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { FormDialog, useConfirmByName, useDeed, useUndo } from '../ui/deeds'
import { agoText } from '../ui/format'
import { Page } from '../ui/Page'
import { saveText } from '../ui/save'
import { SecretDialog } from '../ui/Secret'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { roleText, stateText } from '../ui/words'
import { useDepartments } from './Departments'
import { ImportDialog } from './ImportDialog'
import { TenantChoice, useCan, useTenant } from './tenant'

type User = Schema['User']
type Kind = User['kind']

export const roles = ['user', 'operator', 'system_administrator', 'security_administrator', 'auditor'] as const

export function useUsers(tenant: string | undefined, kind: Kind) {
  return useQuery({
    queryKey: ['users', tenant, kind],
    enabled: tenant !== undefined,
    queryFn: async () => (await api.get<Required<Schema['Users']>>(path('/admin/v1/users', {}), { tenant, kind })).users,
  })
}

function useRows(kind: Kind, tenant: string | undefined, search: string) {
  const users = useUsers(tenant, kind)
  const data = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    return users.data?.filter((user) => user.state !== 'deleted' && (!wanted || [user.name, user.label, user.department].some((text) => text?.toLowerCase().includes(wanted))))
  }, [users.data, search])
  return { ...users, data }
}

export function Users() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const undo = useUndo()
  const tenancy = useTenant()
  const { tenant } = tenancy
  const [kind, setKind] = useState<Kind>('user')
  const [search, setSearch] = useState('')
  const [dialog, setDialog] = useState<'create' | 'import'>()
  const [changed, setChanged] = useState<User>()
  const [roled, setRoled] = useState<User>()
  const [link, setLink] = useState<{ name: string; link: string }>()
  const departments = useDepartments(tenant).data ?? []
  const rows = useRows(kind, tenant, search)
  const mayChange = useCan('people'), maySecure = useCan('security')
  const stale = [['users']]
  const departmentChoice = departments.map((one) => ({ value: one.id, label: one.name }))

  const create = async ({ name, label, department, given }: { name: string; label?: string; department?: number; given?: string[] }) => {
    const user = await api.post<User>(path('/admin/v1/users', {}), { name, kind, tenant, ...(label && { label }), ...(department && { department }), ...(given?.length && (kind === 'user' ? { roles: given } : { scopes: given })) })
    await client.invalidateQueries({ queryKey: ['users'] })
    if (kind === 'user') await invite(user)
  }
  const invite = async (user: User) => {
    const made = await api.post<{ link: string }>(path('/admin/v1/users/{user}/link', { user: user.id }))
    setLink({ name: user.name, link: made.link })
  }
  // The certificate of it is for whoever asked to be erased: it is kept as a file.
  const erase = async (user: User) => saveText(`erased-${user.name}.json`, JSON.stringify(await api.post<Schema['Erasure']>(path('/admin/v1/users/{user}/erase', { user: user.id })), null, 2))
  const restore = (user: User) => deed(() => api.post(path('/admin/v1/users/{user}/restore', { user: user.id })), stale)
  const suspend = async (user: User) => {
    if (await deed(() => api.post(path('/admin/v1/users/{user}/suspend', { user: user.id })), stale)) undo(t('users.suspended', { name: user.name }), () => restore(user))
  }
  const menuOf = (user: User) => {
    const to = (deedPath: Parameters<typeof path>[0]) => path(deedPath as '/admin/v1/users/{user}', { user: user.id })
    const items = [
      mayChange && { key: 'change', label: t('action.edit'), onClick: () => setChanged(user) },
      maySecure && user.kind === 'user' && { key: 'roles', label: t('users.roles'), onClick: () => setRoled(user) },
      mayChange && user.kind === 'user' && { key: 'link', label: t('users.link'), onClick: () => void deed(() => invite(user), stale) },
      mayChange && user.kind === 'user' && { key: 'unlock', label: t('users.unlock'), onClick: () => void deed(() => api.post(to('/admin/v1/users/{user}/unlock')), stale, t('users.unlocked')) },
      maySecure && user.kind === 'user' && { key: 'sessions', label: t('users.endSessions'), onClick: () => confirm(user.name, t('users.endSessionsTitle', { name: user.name }), t('session.endText'), t('session.end'), () => deed(() => api.delete(to('/admin/v1/users/{user}/sessions')), [['sessions']], t('users.sessionsEnded'))) },
      mayChange && user.state === 'active' && { key: 'suspend', label: t('users.suspend'), onClick: () => void suspend(user) },
      mayChange && user.state === 'suspended' && { key: 'restore', label: t('users.restore'), onClick: () => void restore(user) },
      maySecure && user.kind === 'user' && { key: 'factors', label: t('users.removeFactors'), onClick: () => confirm(user.name, t('users.removeFactorsTitle', { name: user.name }), t('users.removeFactorsText'), t('quota.remove'), () => deed(() => api.delete(to('/admin/v1/users/{user}/second-factors')), [], t('users.factorsRemoved'))) },
      maySecure && { key: 'export', label: <a href={to('/admin/v1/users/{user}/export')} download>{t('users.export')}</a> },
      mayChange && {
        key: 'delete',
        danger: true,
        label: t('action.delete'),
        onClick: () => confirm(user.name, t('users.deleteTitle', { name: user.name }), t('users.deleteText'), t('action.delete'), () => deed(() => api.delete(to('/admin/v1/users/{user}')), stale)),
      },
      maySecure && {
        key: 'erase',
        danger: true,
        label: t('users.erase'),
        onClick: () => confirm(user.name, t('users.eraseTitle', { name: user.name }), t('users.eraseText'), t('users.eraseDo'), () => deed(() => erase(user), stale, t('users.erased'))),
      },
    ]
    return items.filter((item) => item !== false)
  }
  const createButton = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog('create')}>
      {kind === 'user' ? t('users.create') : t('users.createService')}
    </Button>
  )
  const kinds: { value: Kind; label: string }[] = [
    { value: 'user', label: t('users.people') },
    { value: 'service', label: t('users.services') },
  ]
  return (
    <Page
      title={t('users.title')}
      lead={kind === 'user' ? t('users.lead') : t('users.serviceLead')}
      deeds={
        mayChange && (
          <>
            {kind === 'user' && <Button onClick={() => setDialog('import')}>{t('users.import')}</Button>}
            {createButton}
          </>
        )
      }
    >
      <div className="filters">
        <Segmented<Kind> value={kind} onChange={setKind} options={kinds} aria-label={t('users.title')} />
        <Input.Search allowClear value={search} onChange={(event) => setSearch(event.target.value)} placeholder={t('users.search')} aria-label={t('users.search')} style={{ maxWidth: 260 }} />
        <TenantChoice {...tenancy} />
      </div>
      <DataTable<User>
        label={t('users.title')}
        asked={rows}
        empty={
          <Empty icon={<TeamOutlined />} title={search ? t('users.noneFound') : t('users.none')} text={search ? undefined : kind === 'user' ? t('users.noneText') : t('users.noneServiceText')}>
            {!search && mayChange && createButton}
          </Empty>
        }
        columns={[
          {
            title: t('people.name'),
            dataIndex: 'name',
            sorter: (a, b) => a.name.localeCompare(b.name),
            render: (name: string, user) => (
              <>
                {name}
                {user.label && <span className="muted"> · {user.label}</span>}
              </>
            ),
          },
          { title: t('people.department'), dataIndex: 'department', render: (name: string | null) => name ?? '–' },
          {
            title: kind === 'user' ? t('people.roles') : t('people.scopes'),
            key: 'roles',
            render: (_, user) => (
              <span className="tags">
                {(user.roles ?? user.scopes ?? []).map((role) => (
                  <span className="tag" key={role}>
                    {roleText(role, t)}
                  </span>
                ))}
              </span>
            ),
          },
          { title: t('people.state'), dataIndex: 'state', render: (state: string) => <span className={state === 'active' ? 'tag tag-good' : 'tag tag-bad'}>{stateText(state, t)}</span> },
          { title: t('key.made'), dataIndex: 'created', render: (time: number) => agoText(time, i18n.language) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, user) => {
              const items = menuOf(user)
              return items.length > 0 ? (
                <Dropdown menu={{ items }} trigger={['click']}>
                  <Button size="small" aria-label={`${t('action.more')}: ${user.name}`}>
                    …
                  </Button>
                </Dropdown>
              ) : null
            },
          },
        ]}
      />
      <FormDialog title={kind === 'user' ? t('users.create') : t('users.createService')} open={dialog === 'create'} close={() => setDialog(undefined)} submit={create} initial={{ given: kind === 'user' ? ['user'] : ['inference'] }}>
        <Form.Item name="name" label={t('people.name')} extra={t('users.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus autoComplete="off" />
        </Form.Item>
        <Form.Item name="label" label={t('users.label')}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="department" label={t('people.department')}>
          <Select allowClear options={departmentChoice} />
        </Form.Item>
        <Form.Item name="given" label={kind === 'user' ? t('people.roles') : t('people.scopes')}>
          <Select mode="multiple" options={kind === 'user' ? roles.map((value) => ({ value, label: roleText(value, t) })) : ['inference', 'account', 'metrics', 'usage', 'directory'].map((value) => ({ value, label: value }))} />
        </Form.Item>
      </FormDialog>
      <FormDialog
        title={changed?.name ?? ''}
        action={t('action.save')}
        open={changed !== undefined}
        close={() => setChanged(undefined)}
        initial={{ label: changed?.label ?? '', department: departments.find((one) => one.name === changed?.department)?.id }}
        submit={async ({ label, department }: { label: string; department?: number | undefined }) => {
          await api.patch(path('/admin/v1/users/{user}', { user: changed?.id ?? 0 }), { label, ...(department && { department }) })
          await client.invalidateQueries({ queryKey: ['users'] })
        }}
      >
        <Form.Item name="label" label={t('users.label')}>
          <Input />
        </Form.Item>
        <Form.Item name="department" label={t('people.department')}>
          <Select options={departmentChoice} />
        </Form.Item>
      </FormDialog>
      <FormDialog
        title={t('users.rolesOf', { name: roled?.name ?? '' })}
        action={t('action.save')}
        open={roled !== undefined}
        close={() => setRoled(undefined)}
        initial={{ given: roled?.roles ?? [] }}
        submit={async ({ given }: { given: string[] }) => {
          await api.put(path('/admin/v1/users/{user}/roles', { user: roled?.id ?? 0 }), { roles: given })
          await client.invalidateQueries({ queryKey: ['users'] })
        }}
      >
        <Form.Item name="given" label={t('people.roles')} extra={t('users.rolesHelp')}>
          <Select mode="multiple" options={roles.map((value) => ({ value, label: roleText(value, t) }))} />
        </Form.Item>
      </FormDialog>
      <ImportDialog open={dialog === 'import'} close={() => setDialog(undefined)} tenant={tenant} />
      <SecretDialog title={t('users.linkOf', { name: link?.name ?? '' })} text={t('users.linkText')} secret={link?.link} close={() => setLink(undefined)} />
    </Page>
  )
}
