import { KeyOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { useModels } from '../api/models'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { agoText, timeText } from '../ui/format'
import { Page } from '../ui/Page'
import { SecretDialog } from '../ui/Secret'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { TenantChoice, useCan, useTenant } from './tenant'
import { useUsers } from './Users'

type Key = Schema['Key']
interface Given {
  name: string
  user: number
  scopes?: string[]
  models?: string[]
  days?: number
  rate?: number
}

export function Keys() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const tenancy = useTenant()
  const { tenant } = tenancy
  const [dialog, setDialog] = useState<'create' | 'leak'>()
  const [secret, setSecret] = useState<string>()
  const services = useUsers(tenant, 'service').data?.filter((one) => one.state === 'active') ?? []
  const models = useModels().data ?? []
  const mayMake = useCan('people'), mayRevoke = useCan('security')
  const keys = useQuery({
    queryKey: ['keys', tenant],
    enabled: tenant !== undefined,
    queryFn: async () => (await api.get<Required<Schema['Keys']>>(path('/admin/v1/keys', {}), { tenant })).keys.filter((key) => !key.revoked),
  })
  const stale = [['keys']]
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog('create')}>
      {t('key.create')}
    </Button>
  )
  const make = async ({ name, user, scopes, models: only, days, rate }: Given) => {
    const key = await api.post<Key>(path('/admin/v1/keys', {}), {
      name,
      user,
      tenant,
      ...(scopes?.length && { scopes }),
      ...(only?.length && { models: only }),
      ...(days && { expires: Math.floor(Date.now() / 1000) + days * 86_400 }),
      ...(rate && { requests_per_minute: rate }),
    })
    setSecret(key.key)
    await client.invalidateQueries({ queryKey: ['keys'] })
  }
  const bounds = (key: Key) => [...(key.models ?? []), ...(key.addresses ?? [])]
  return (
    <Page
      title={t('keys.title')}
      lead={t('keys.lead')}
      deeds={
        <>
          {mayRevoke && <Button onClick={() => setDialog('leak')}>{t('keys.leaked')}</Button>}
          {mayMake && create}
        </>
      }
    >
      <div className="filters">
        <TenantChoice {...tenancy} />
      </div>
      <DataTable<Key>
        label={t('keys.title')}
        asked={keys}
        empty={
          <Empty icon={<KeyOutlined />} title={t('key.none')} text={t('keys.noneText')}>
            {mayMake && create}
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name', sorter: (a, b) => a.name.localeCompare(b.name) },
          { title: t('keys.owner'), dataIndex: 'user' },
          { title: t('key.begins'), dataIndex: 'prefix', render: (prefix: string) => <span className="mono">{prefix}…</span> },
          { title: t('people.scopes'), key: 'scopes', render: (_, key) => <span className="tags">{key.scopes?.map((one) => <span className="tag" key={one}>{one}</span>)}</span> },
          { title: t('keys.bounds'), key: 'bounds', render: (_, key) => <span className="tags">{bounds(key).map((one) => <span className="tag" key={one}>{one}</span>)}</span> },
          { title: t('key.made'), dataIndex: 'created', render: (time: number) => agoText(time, i18n.language) },
          { title: t('key.expires'), dataIndex: 'expires', render: (time: number | null, key) => (key.replaced ? t('key.replaced', { time: timeText(key.replaced, i18n.language) }) : time ? timeText(time, i18n.language) : t('key.never')) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, key) => (
              <>
                {mayMake && (
                  <Button type="link" size="small" disabled={Boolean(key.replaced)} onClick={() => void deed(async () => setSecret((await api.post<Key>(path('/admin/v1/keys/{key}/rotate', { key: key.id }), {})).key), stale)}>
                    {t('key.rotate')}
                  </Button>
                )}
                {mayRevoke && (
                  <Button
                    type="link"
                    size="small"
                    danger
                    aria-label={`${t('key.revoke')}: ${key.name}`}
                    onClick={() => confirm(key.name, t('key.revokeTitle', { name: key.name }), t('key.revokeText'), t('key.revoke'), () => deed(() => api.delete(path('/admin/v1/keys/{key}', { key: key.id })), stale, t('key.revoked')))}
                  >
                    {t('key.revoke')}
                  </Button>
                )}
              </>
            ),
          },
        ]}
      />
      <FormDialog title={t('key.create')} open={dialog === 'create'} close={() => setDialog(undefined)} submit={make}>
        <Form.Item name="user" label={t('keys.owner')} extra={t('key.ownerHelp')} rules={[{ required: true, message: '' }]}>
          <Select options={services.map((one) => ({ value: one.id, label: one.name }))} notFoundContent={t('keys.noService')} />
        </Form.Item>
        <Form.Item name="name" label={t('people.name')} extra={t('key.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item name="models" label={t('keys.models')} extra={t('keys.modelsHelp')}>
          <Select mode="multiple" options={models.map((one) => ({ value: one.id, label: one.id }))} />
        </Form.Item>
        <Form.Item name="days" label={t('key.days')} extra={t('key.daysHelp')}>
          <InputNumber min={1} max={3650} />
        </Form.Item>
        <Form.Item name="rate" label={t('keys.rate')}>
          <InputNumber min={1} max={1_000_000} />
        </Form.Item>
      </FormDialog>
      <FormDialog
        title={t('keys.leaked')}
        action={t('key.revoke')}
        open={dialog === 'leak'}
        close={() => setDialog(undefined)}
        submit={async (given: { prefix: string }) => {
          await api.post(path('/admin/v1/keys/revoke-leaked', {}), given)
          await client.invalidateQueries({ queryKey: ['keys'] })
        }}
      >
        <Form.Item name="prefix" label={t('keys.prefix')} extra={t('keys.prefixHelp')} rules={[{ required: true, min: 10, message: t('keys.prefixHelp') }]}>
          <Input className="mono" autoFocus autoComplete="off" />
        </Form.Item>
      </FormDialog>
      <SecretDialog title={t('key.yours')} text={t('key.once')} secret={secret} close={() => setSecret(undefined)} />
    </Page>
  )
}
