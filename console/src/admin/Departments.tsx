import { ApartmentOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { TenantChoice, useCan, useTenant } from './tenant'
import { useUsers } from './Users'

type Department = Schema['Department']

export function useDepartments(tenant: string | undefined) {
  return useQuery({
    queryKey: ['departments', tenant],
    enabled: tenant !== undefined,
    queryFn: async () => (await api.get<Required<Schema['Departments']>>(path('/admin/v1/departments', {}), { tenant })).departments,
  })
}

export function Departments() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const tenancy = useTenant()
  const { tenant } = tenancy
  const [making, setMaking] = useState(false)
  const departments = useDepartments(tenant)
  const users = useUsers(tenant, 'user').data ?? []
  const mayChange = useCan('people')
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('departments.create')}
    </Button>
  )
  const members = (name: string) => users.filter((user) => user.department === name && user.state !== 'deleted').length
  return (
    <Page title={t('departments.title')} lead={t('departments.lead')} deeds={mayChange && create}>
      <div className="filters">
        <TenantChoice {...tenancy} />
      </div>
      <DataTable<Department>
        label={t('departments.title')}
        asked={departments}
        empty={
          <Empty icon={<ApartmentOutlined />} title={t('departments.none')} text={t('departments.noneText')}>
            {mayChange && create}
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          { title: t('departments.members'), key: 'members', align: 'end', className: 'num', render: (_, one) => members(one.name) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, one) =>
              mayChange && (
                <Button
                  type="link"
                  size="small"
                  danger
                  aria-label={`${t('action.delete')}: ${one.name}`}
                  onClick={() => confirm(one.name, t('departments.deleteTitle', { name: one.name }), t('departments.deleteText'), t('action.delete'), () => deed(() => api.delete(path('/admin/v1/departments/{department}', { department: one.id })), [['departments']]))}
                >
                  {t('action.delete')}
                </Button>
              ),
          },
        ]}
      />
      <FormDialog
        title={t('departments.create')}
        open={making}
        close={() => setMaking(false)}
        submit={async ({ name }: { name: string }) => {
          await api.post(path('/admin/v1/departments', {}), { name, tenant })
          await client.invalidateQueries({ queryKey: ['departments'] })
        }}
      >
        <Form.Item name="name" label={t('people.name')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus />
        </Form.Item>
      </FormDialog>
    </Page>
  )
}
