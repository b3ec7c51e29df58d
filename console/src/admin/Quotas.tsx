import { DashboardOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { useModels } from '../api/models'
import { FormDialog, useDeed } from '../ui/deeds'
import { timeText } from '../ui/format'
import { Page } from '../ui/Page'
import { QuotaBar } from '../ui/QuotaBar'
import { RemoveLink } from '../ui/RemoveLink'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { metricText, periodText } from '../ui/words'
import { useDepartments } from './Departments'
import { useCan, useTenant, useTenants } from './tenant'
import { useUsers } from './Users'

type Quota = Schema['Quota']
type Level = Quota['level']
interface Given {
  level: Level
  subject?: number
  metric: 'tokens' | 'requests' | 'concurrency' | 'money' | 'storage'
  period?: 'minute' | 'day' | 'month'
  amount?: number
  mib?: number
  money?: string
  model?: string
}

const mibBytes = 1024 * 1024

export function Quotas() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const { tenant } = useTenant()
  const [making, setMaking] = useState(false)
  const [level, setLevel] = useState<Level>('user')
  const [metric, setMetric] = useState<Given['metric']>('tokens')
  const mayChange = useCan('people')
  // What is kept or runs at this moment has no period.
  const isOfNow = metric === 'concurrency' || metric === 'storage'
  const quotas = useQuery({ queryKey: ['quotas'], queryFn: async () => (await api.get<Required<Schema['Quotas']>>(path('/admin/v1/quotas', {}))).quotas })
  const tenants = useTenants().data ?? [], departments = useDepartments(tenant).data ?? []
  const users = [...(useUsers(tenant, 'user').data ?? []), ...(useUsers(tenant, 'service').data ?? [])]
  const models = useModels().data ?? []
  const levels: { value: Level; label: string }[] = [
    { value: 'box', label: t('quota.box') },
    { value: 'tenant', label: t('people.tenant') },
    { value: 'department', label: t('people.department') },
    { value: 'user', label: t('people.user') },
  ]
  const levelText = (one: Level) => levels.find((row) => row.value === one)?.label ?? t('keys.one')
  const named = (rows: { id: number; name: string }[]) => rows.map((row) => ({ value: row.id, label: row.name }))
  const subjects = level === 'tenant' ? named(tenants) : level === 'department' ? named(departments) : named(users)
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('quota.create')}
    </Button>
  )
  const make = async ({ subject, period, amount, mib, money, model }: Given) => {
    await api.put(path('/admin/v1/quotas', {}), {
      ...(level !== 'box' && { [level]: subject }),
      ...(model && metric !== 'storage' && { model }),
      metric,
      ...(!isOfNow && { period }),
      ...(metric === 'money' ? { money } : { amount: metric === 'storage' ? (mib ?? 0) * mibBytes : amount }),
    })
    await client.invalidateQueries({ queryKey: ['quotas'] })
  }
  const again = (quota: Quota) => ({
    ...(quota.level !== 'box' && { [quota.level]: (quota as Quota & { subject_id: number }).subject_id }),
    ...(quota.model && { model: quota.model }),
    metric: quota.metric,
    ...(quota.metric !== 'concurrency' && quota.metric !== 'storage' && { period: quota.period }),
    amount: quota.amount,
  })
  return (
    <Page title={t('quota.title')} lead={t('quota.lead')} deeds={mayChange && create}>
      <DataTable<Quota>
        label={t('quota.title')}
        asked={quotas}
        empty={
          <Empty icon={<DashboardOutlined />} title={t('quota.none')} text={t('quota.noneText')}>
            {mayChange && create}
          </Empty>
        }
        columns={[
          { title: t('quota.of'), key: 'of', render: (_, quota) => `${levelText(quota.level)}${quota.subject ? `: ${quota.subject}` : ''}` },
          { title: t('chat.model'), dataIndex: 'model', render: (model?: string) => model ?? '' },
          { title: t('quota.metric'), key: 'metric', render: (_, quota) => `${metricText(quota.metric, t)} · ${periodText(quota.period, t)}` },
          { title: t('quota.used'), key: 'used', render: (_, quota) => <QuotaBar quota={quota} /> },
          { title: t('quota.ends'), dataIndex: 'ends', render: (time: number | null) => (time ? timeText(time, i18n.language) : '–') },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, quota) =>
              mayChange && (
                <RemoveLink
                  action={t('quota.remove')}
                  said={t('quota.removed')}
                  remove={() => deed(() => api.delete(path('/admin/v1/quotas/{quota}', { quota: quota.id })), [['quotas']])}
                  restore={() => deed(() => api.put(path('/admin/v1/quotas', {}), again(quota)), [['quotas']])}
                />
              ),
          },
        ]}
      />
      <FormDialog title={t('quota.create')} open={making} close={() => setMaking(false)} submit={make} initial={{ period: 'day' }}>
        <Form.Item label={t('quota.of')}>
          <Select value={level} options={levels} onChange={setLevel} aria-label={t('quota.of')} />
        </Form.Item>
        {level !== 'box' && (
          <Form.Item name="subject" label={levelText(level)} rules={[{ required: true, message: '' }]}>
            <Select showSearch={{ optionFilterProp: 'label' }} options={subjects} />
          </Form.Item>
        )}
        <Form.Item label={t('quota.metric')}>
          <Select value={metric} onChange={setMetric} aria-label={t('quota.metric')} options={(['tokens', 'requests', 'concurrency', 'money', 'storage'] as const).map((value) => ({ value, label: metricText(value, t) }))} />
        </Form.Item>
        {!isOfNow && (
          <Form.Item name="period" label={t('quota.period')}>
            <Select options={(['minute', 'day', 'month'] as const).filter((value) => metric !== 'money' || value !== 'minute').map((value) => ({ value, label: periodText(value, t) }))} />
          </Form.Item>
        )}
        {metric === 'money' ? (
          <Form.Item name="money" label={t('quota.amount')} extra={t('quota.moneyHelp')} rules={[{ required: true, message: '' }]}>
            <Input inputMode="decimal" placeholder="250.00" />
          </Form.Item>
        ) : metric === 'storage' ? (
          <Form.Item name="mib" label={t('quota.amount')} extra={t('quota.storageHelp')} rules={[{ required: true, message: '' }]}>
            <InputNumber min={0} precision={0} style={{ width: 180 }} suffix="MiB" />
          </Form.Item>
        ) : (
          <Form.Item name="amount" label={t('quota.amount')} rules={[{ required: true, message: '' }]}>
            <InputNumber min={0} precision={0} style={{ width: 180 }} />
          </Form.Item>
        )}
        {metric !== 'storage' && (
          <Form.Item name="model" label={t('chat.model')} extra={t('quota.modelHelp')}>
            <Select allowClear options={models.map((one) => ({ value: one.id, label: one.id }))} />
          </Form.Item>
        )}
      </FormDialog>
    </Page>
  )
}
