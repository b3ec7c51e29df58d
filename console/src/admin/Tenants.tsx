import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { agoText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { stateText } from '../ui/words'
import { useCan, useTenants } from './tenant'

type Tenant = Schema['Tenant']
interface Given {
  name: string
  zone: string
  currency: string
}

const home = 1

export function Tenants() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [making, setMaking] = useState(false)
  const [changed, setChanged] = useState<Tenant>()
  const tenants = useTenants()
  const mayChange = useCan('people')
  const stale = [['tenants']]
  const fields = (
    <>
      <Form.Item name="zone" label={t('tenants.zone')} extra={t('tenants.zoneHelp')} rules={[{ required: true, message: '' }]}>
        <Input />
      </Form.Item>
      <Form.Item name="currency" label={t('tenants.currency')} rules={[{ required: true, message: '' }]}>
        <Input maxLength={3} style={{ width: 90 }} />
      </Form.Item>
    </>
  )
  return (
    <Page
      title={t('tenants.title')}
      lead={t('tenants.lead')}
      deeds={
        mayChange && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t('tenants.create')}
          </Button>
        )
      }
    >
      <DataTable<Tenant>
        label={t('tenants.title')}
        asked={{ ...tenants, data: tenants.data?.filter((one) => one.state !== 'deleted') }}
        empty={<Empty title={t('tenants.none')} />}
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          { title: t('tenants.zone'), dataIndex: 'zone' },
          { title: t('tenants.currency'), dataIndex: 'currency' },
          { title: t('people.state'), dataIndex: 'state', render: (state: string) => <span className={state === 'active' ? 'tag tag-good' : 'tag tag-bad'}>{stateText(state, t)}</span> },
          { title: t('key.made'), dataIndex: 'created', render: (time: number) => agoText(time, i18n.language) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, one) =>
              mayChange && (
                <>
                  <Button type="link" size="small" onClick={() => setChanged(one)}>
                    {t('action.edit')}
                  </Button>
                  {one.id !== home && one.state === 'active' && (
                    <Button type="link" size="small" onClick={() => confirm(one.name, t('tenants.suspendTitle', { name: one.name }), t('tenants.suspendText'), t('users.suspend'), () => deed(() => api.post(path('/admin/v1/tenants/{tenant}/suspend', { tenant: one.id })), stale))}>
                      {t('users.suspend')}
                    </Button>
                  )}
                  {one.state === 'suspended' && (
                    <Button type="link" size="small" onClick={() => void deed(() => api.post(path('/admin/v1/tenants/{tenant}/restore', { tenant: one.id })), stale)}>
                      {t('users.restore')}
                    </Button>
                  )}
                  {one.id !== home && (
                    <Button type="link" size="small" danger onClick={() => confirm(one.name, t('tenants.deleteTitle', { name: one.name }), t('tenants.deleteText'), t('action.delete'), () => deed(() => api.delete(path('/admin/v1/tenants/{tenant}', { tenant: one.id })), stale))}>
                      {t('action.delete')}
                    </Button>
                  )}
                </>
              ),
          },
        ]}
      />
      <FormDialog
        title={t('tenants.create')}
        open={making}
        close={() => setMaking(false)}
        initial={{ zone: Intl.DateTimeFormat().resolvedOptions().timeZone, currency: 'EUR' }}
        submit={async (given: Given) => {
          await api.post(path('/admin/v1/tenants', {}), given)
          await client.invalidateQueries({ queryKey: ['tenants'] })
        }}
      >
        <Form.Item name="name" label={t('people.name')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus />
        </Form.Item>
        {fields}
      </FormDialog>
      <FormDialog
        title={changed?.name ?? ''}
        action={t('action.save')}
        open={changed !== undefined}
        close={() => setChanged(undefined)}
        initial={{ zone: changed?.zone ?? '', currency: changed?.currency ?? '' }}
        submit={async ({ zone, currency }: Omit<Given, 'name'>) => {
          await api.patch(path('/admin/v1/tenants/{tenant}', { tenant: changed?.id ?? 0 }), { zone, currency })
          await client.invalidateQueries({ queryKey: ['tenants'] })
        }}
      >
        {fields}
      </FormDialog>
    </Page>
  )
}
