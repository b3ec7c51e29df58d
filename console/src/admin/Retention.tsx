import { ClockCircleOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { api, path, type Schema } from '../api/http'
import { useSession } from '../api/session'
import { FormDialog, useDeed } from '../ui/deeds'
import { Page } from '../ui/Page'
import { RemoveLink } from '../ui/RemoveLink'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { useDepartments } from './Departments'
import { isHome, useCan, useTenant, useTenants } from './tenant'
import { useUsers } from './Users'

type Rule = Schema['RetentionRule']
type Level = Rule['level']
type Kind = Schema['RetentionRuleNew']['kind']

const url = path('/admin/v1/retention', {})
const kinds: Kind[] = ['chats', 'responses', 'batches', 'files', 'contents', 'logs']

function kindText(kind: string, t: TFunction): string {
  switch (kind) {
    case 'chats':
      return t('keep.chats')
    case 'responses':
      return t('keep.responses')
    case 'batches':
      return t('keep.batches')
    case 'files':
      return t('keep.files')
    case 'contents':
      return t('keep.contents')
    case 'logs':
      return t('keep.logs')
    default:
      return kind
  }
}

export function Retention() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const home = isHome(useSession().data)
  const { tenant } = useTenant()
  const [making, setMaking] = useState(false)
  const [level, setLevel] = useState<Level>(home ? 'box' : 'tenant')
  const [kind, setKind] = useState<Kind>('chats')
  const mayChange = useCan('people')
  const rules = useQuery({ queryKey: ['retention'], queryFn: async () => (await api.get<Required<Schema['RetentionRules']>>(url)).rules })
  const tenants = useTenants().data ?? [], departments = useDepartments(tenant).data ?? []
  const users = [...(useUsers(tenant, 'user').data ?? []), ...(useUsers(tenant, 'service').data ?? [])]
  const levels: { value: Level; label: string }[] = [
    ...(home ? [{ value: 'box' as const, label: t('quota.box') }] : []),
    { value: 'tenant', label: t('people.tenant') },
    { value: 'department', label: t('people.department') },
    { value: 'user', label: t('people.user') },
  ]
  const levelText = (one: Level) => levels.find((row) => row.value === one)?.label ?? one
  const subjects = (level === 'tenant' ? tenants : level === 'department' ? departments : users).map((one) => ({ value: one.id, label: one.name }))
  // Lines of the log belong to nobody.
  const of = kind === 'logs' ? 'box' : level
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('keep.create')}
    </Button>
  )
  const again = (rule: Rule) => ({ kind: rule.kind, days: rule.days, ...(rule.level !== 'box' && { [rule.level]: rule.subject_id }) })
  return (
    <Page title={t('keep.title')} lead={t('keep.lead')} deeds={mayChange && create}>
      <DataTable<Rule>
        label={t('keep.title')}
        asked={rules}
        empty={
          <Empty icon={<ClockCircleOutlined />} title={t('keep.none')} text={t('keep.noneText')}>
            {mayChange && create}
          </Empty>
        }
        columns={[
          { title: t('keep.kind'), dataIndex: 'kind', render: (one: string) => kindText(one, t) },
          { title: t('quota.of'), key: 'of', render: (_, rule) => `${levelText(rule.level)}${rule.subject ? `: ${rule.subject}` : ''}` },
          { title: t('keep.days'), dataIndex: 'days', align: 'end', className: 'num', render: (days: number) => t('keep.daysOf', { count: days }) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, rule) =>
              mayChange && (
                <RemoveLink
                  action={t('quota.remove')}
                  name={kindText(rule.kind, t)}
                  said={t('keep.removed')}
                  remove={() => deed(() => api.delete(path('/admin/v1/retention/{rule}', { rule: rule.id })), [['retention']])}
                  restore={() => deed(() => api.put(url, again(rule)), [['retention']])}
                />
              ),
          },
        ]}
      />
      <FormDialog
        title={t('keep.create')}
        action={t('action.save')}
        open={making}
        close={() => setMaking(false)}
        submit={async ({ subject, days }: { subject?: number; days: number }) => {
          await api.put(url, { kind, days, ...(of !== 'box' && { [of]: subject }) })
          await client.invalidateQueries({ queryKey: ['retention'] })
        }}
      >
        <p>{t('keep.formText')}</p>
        <Form.Item label={t('keep.kind')}>
          <Select value={kind} aria-label={t('keep.kind')} options={kinds.filter((one) => home || one !== 'logs').map((value) => ({ value, label: kindText(value, t) }))} onChange={setKind} />
        </Form.Item>
        {kind !== 'logs' && (
          <Form.Item label={t('quota.of')}>
            <Select value={level} aria-label={t('quota.of')} options={levels} onChange={setLevel} />
          </Form.Item>
        )}
        {of !== 'box' && (
          <Form.Item name="subject" label={levelText(of)} rules={[{ required: true, message: '' }]}>
            <Select showSearch={{ optionFilterProp: 'label' }} options={subjects} />
          </Form.Item>
        )}
        <Form.Item name="days" label={t('keep.days')} rules={[{ required: true, message: '' }]}>
          <InputNumber min={1} max={36_500} precision={0} autoFocus />
        </Form.Item>
      </FormDialog>
    </Page>
  )
}
