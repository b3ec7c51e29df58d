import { IdcardOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { agoText, timeText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { TenantChoice, useCan, useTenant } from './tenant'
import { useUsers } from './Users'

type Certificate = Schema['Certificate']

export function ClientCertificates() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const tenancy = useTenant()
  const { tenant } = tenancy
  const [adding, setAdding] = useState(false)
  const users = [...(useUsers(tenant, 'user').data ?? []), ...(useUsers(tenant, 'service').data ?? [])].filter((one) => one.state === 'active')
  const mayAdd = useCan('people'), mayRevoke = useCan('security')
  const certificates = useQuery({
    queryKey: ['certificates', tenant],
    enabled: tenant !== undefined,
    queryFn: async () => (await api.get<Required<Schema['Certificates']>>(path('/admin/v1/certificates', {}), { tenant })).certificates.filter((one) => !one.revoked),
  })
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      {t('clientCert.add')}
    </Button>
  )
  const revoke = ({ id, name }: Certificate) => confirm(name, t('key.revokeTitle', { name }), t('clientCert.revokeText'), t('key.revoke'), () => deed(() => api.delete(path('/admin/v1/certificates/{certificate}', { certificate: id })), [['certificates']], t('clientCert.revoked')))
  return (
    <Page title={t('clientCert.title')} lead={t('clientCert.lead')} deeds={mayAdd && add}>
      <div className="filters">
        <TenantChoice {...tenancy} />
      </div>
      <DataTable<Certificate>
        label={t('clientCert.title')}
        asked={certificates}
        empty={
          <Empty icon={<IdcardOutlined />} title={t('clientCert.none')} text={t('clientCert.noneText')}>
            {mayAdd && add}
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          { title: t('keys.owner'), dataIndex: 'user' },
          { title: t('tls.subject'), dataIndex: 'subject' },
          { title: t('tls.fingerprint'), dataIndex: 'fingerprint', render: (text: string) => <span className="mono" title={text}>{text.slice(0, 16)}…</span> },
          { title: t('people.scopes'), key: 'scopes', render: (_, one) => <span className="tags">{one.scopes?.map((scope) => <span className="tag" key={scope}>{scope}</span>)}</span> },
          { title: t('session.lastSeen'), dataIndex: 'last_used', render: (time: number | null) => (time ? agoText(time, i18n.language) : '–') },
          { title: t('key.expires'), dataIndex: 'expires', render: (time?: number) => (time ? timeText(time, i18n.language) : '–') },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, one) =>
              mayRevoke && (
                <Button type="link" size="small" danger aria-label={`${t('key.revoke')}: ${one.name}`} onClick={() => revoke(one)}>
                  {t('key.revoke')}
                </Button>
              ),
          },
        ]}
      />
      <FormDialog
        title={t('clientCert.add')}
        action={t('clientCert.addDo')}
        open={adding}
        close={() => setAdding(false)}
        submit={async ({ user, name, pem }: { user: number; name?: string; pem: string }) => {
          await api.post(path('/admin/v1/users/{user}/certificates', { user }), { pem, ...(name && { name }) })
          await client.invalidateQueries({ queryKey: ['certificates'] })
        }}
      >
        <Form.Item name="user" label={t('keys.owner')} rules={[{ required: true, message: '' }]}>
          <Select showSearch={{ optionFilterProp: 'label' }} options={users.map((one) => ({ value: one.id, label: one.name }))} />
        </Form.Item>
        <Form.Item name="name" label={t('people.name')} extra={t('clientCert.nameHelp')}>
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item name="pem" label={t('tls.pem')} extra={t('clientCert.pemHelp')} rules={[{ required: true, message: '' }]}>
          <Input.TextArea className="mono" autoSize={{ minRows: 6, maxRows: 14 }} placeholder="-----BEGIN CERTIFICATE-----" />
        </Form.Item>
      </FormDialog>
    </Page>
  )
}
