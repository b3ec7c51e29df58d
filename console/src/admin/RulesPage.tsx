import { FilterOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { api, path } from '../api/http'
import { useSession } from '../api/session'
import { FormDialog, useDeed } from '../ui/deeds'
import { Page } from '../ui/Page'
import { RemoveLink } from '../ui/RemoveLink'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { LabelTable } from './LabelTable'
import { atItsField, formOf, inserted, placed, ruleOf, type Label, type Rule, type RuleForm, type Rules } from './rules'
import { isHome, useTenants } from './tenant'

const url = path('/admin/v1/rules', {})

/** The whole list goes to the box at once: each change begins with what it has now. */
async function change(to: (now: Rules) => Rules): Promise<void> {
  await api.put(url, to(await api.get<Rules>(url)))
}

const deedText = (deed: string, t: TFunction) => (deed === 'report' ? t('rules.report') : deed === 'mask' ? t('rules.mask') : deed === 'refuse' ? t('rules.refuse') : deed)
const onText = (on: Rule['on'], t: TFunction) => (on?.length === 1 ? (on[0] === 'input' ? t('rules.input') : t('rules.output')) : t('rules.both'))

export function RulesPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const session = useSession().data
  const tenants = useTenants().data?.filter((one) => one.state !== 'deleted') ?? []
  const [edited, setEdited] = useState<{ at?: number; rule?: Rule }>()
  const home = isHome(session)
  const rules = useQuery({ queryKey: ['rules'], queryFn: () => api.get<Rules>(url) })
  const again = { isPending: rules.isPending, error: rules.error, refetch: rules.refetch }
  // Of another tenant one sets what names that tenant, and nothing else.
  const own = home ? {} : { tenant: session?.tenant.name ?? '' }
  const submit = async (given: RuleForm) => {
    const at = edited?.at
    let place = 0
    try {
      await change((now) => {
        place = at ?? now.rules.length
        return { ...now, rules: placed(now.rules, at, ruleOf({ ...given, ...own })) }
      })
    } catch (error) {
      throw atItsField(error, 'rules', place)
    }
    await client.invalidateQueries({ queryKey: ['rules'] })
  }
  const changeLabels = (to: (labels: Label[]) => Label[]) => change((now) => ({ ...now, labels: to(now.labels) }))
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited({})}>
      {t('rules.create')}
    </Button>
  )
  return (
    <Page title={t('rules.title')} lead={t('rules.lead')} deeds={create}>
      <DataTable<Rule & { at: number }>
        label={t('rules.title')}
        asked={{ ...again, data: rules.data?.rules.map((rule, at) => ({ ...rule, at })) }}
        rowKey="at"
        empty={
          <Empty icon={<FilterOutlined />} title={t('rules.none')} text={t('rules.noneText')}>
            {create}
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          { title: t('rules.do'), dataIndex: 'do', render: (one: string) => <span className={one === 'refuse' ? 'tag tag-bad' : 'tag'}>{deedText(one, t)}</span> },
          { title: t('rules.on'), dataIndex: 'on', render: (on: Rule['on']) => onText(on, t) },
          { title: t('people.tenant'), dataIndex: 'tenant', render: (name?: string) => name ?? t('rules.everyTenant') },
          { title: t('rules.what'), key: 'what', render: (_, rule) => <span className="tags rule-what">{[...(rule.words ?? []), ...(rule.patterns ?? [])].slice(0, 8).map((one) => <span className="tag mono" key={one}>{one}</span>)}</span> },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, { at, ...rule }) => (
              <>
                <Button type="link" size="small" aria-label={`${t('action.edit')}: ${rule.name}`} onClick={() => setEdited({ at, rule })}>
                  {t('action.edit')}
                </Button>
                <RemoveLink
                  action={t('quota.remove')}
                  name={rule.name}
                  said={t('rules.removed', { name: rule.name })}
                  remove={() => deed(() => change((now) => ({ ...now, rules: now.rules.filter((_one, i) => i !== at) })), [['rules']])}
                  restore={() => deed(() => change((now) => ({ ...now, rules: inserted(now.rules, at, rule) })), [['rules']])}
                />
              </>
            ),
          },
        ]}
      />
      <LabelTable asked={{ ...again, data: rules.data?.labels }} tenants={home ? tenants.map((one) => one.name) : []} own={own} change={changeLabels} />
      <FormDialog<RuleForm> title={edited?.rule?.name ?? t('rules.create')} action={t('action.save')} open={edited !== undefined} close={() => setEdited(undefined)} initial={formOf(edited?.rule)} submit={submit}>
        <Form.Item name="name" label={t('people.name')} extra={t('rules.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus autoComplete="off" />
        </Form.Item>
        <Form.Item name="do" label={t('rules.do')}>
          <Select options={(['report', 'mask', 'refuse'] as const).map((value) => ({ value, label: deedText(value, t) }))} />
        </Form.Item>
        <Form.Item name="on" label={t('rules.on')} rules={[{ required: true, message: '' }]}>
          <Checkbox.Group
            options={[
              { value: 'input', label: t('rules.input') },
              { value: 'output', label: t('rules.output') },
            ]}
          />
        </Form.Item>
        {home && tenants.length > 1 && (
          <Form.Item name="tenant" label={t('people.tenant')}>
            <Select allowClear placeholder={t('rules.everyTenant')} options={tenants.map((one) => ({ value: one.name, label: one.name }))} />
          </Form.Item>
        )}
        <Form.Item name="words" label={t('rules.words')} extra={t('rules.wordsHelp')}>
          <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} />
        </Form.Item>
        <Form.Item name="patterns" label={t('rules.patterns')} extra={t('rules.patternsHelp')}>
          <Input.TextArea className="mono" autoSize={{ minRows: 2, maxRows: 8 }} spellCheck={false} />
        </Form.Item>
      </FormDialog>
    </Page>
  )
}
