import { PlusOutlined, RobotOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Form, Input, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDepartments } from '../admin/Departments'
import { useCan } from '../admin/tenant'
import { api, path, type Schema } from '../api/http'
import { useSession } from '../api/session'
import { useModels } from '../api/models'
import { useAssistants, type Assistant } from '../chat/pick'
import { ParameterFields, fieldsOf, settingsOf } from '../chat/Settings'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { Page } from '../ui/Page'
import { Empty, Failed, Waiting } from '../ui/states'
import './assistants.css'

type Given = Omit<Schema['AssistantNew'], 'parameters' | 'starters'> & ReturnType<typeof fieldsOf> & { starters?: string }

/** What the form says, as the box takes it. */
export function assistantOf(given: Given, before: Assistant | undefined): Schema['AssistantNew'] {
  const { name, title, description, model, departments, everyone, starters } = given
  const { parameters, system_prompt } = settingsOf({ system_prompt: null, parameters: before?.parameters ?? {} }, given)
  return {
    name,
    title: title ?? '',
    description: description ?? '',
    system_prompt: system_prompt ?? '',
    model: model ?? null,
    parameters,
    starters: (starters ?? '').split('\n').map((line) => line.trim()).filter(Boolean),
    ...(departments && { departments }),
    ...(everyone !== undefined && { everyone }),
  }
}

export function AssistantsPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [edited, setEdited] = useState<Assistant | 'new'>()
  const assistants = useAssistants()
  const models = useModels().data ?? []
  const session = useSession().data
  const mayPublish = useCan('people'), mayList = useCan('directory')
  const departments = useDepartments(mayList ? session?.tenant.name : undefined).data ?? []
  const before = edited === 'new' ? undefined : edited
  const stale = [['assistants'], ['models']]

  const save = async (given: Given) => {
    const body = assistantOf(given, before)
    if (before) await api.patch(path('/console/v1/assistants/{assistant}', { assistant: before.id }), body)
    else await api.post(path('/console/v1/assistants', {}), body)
    await Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })))
  }
  const remove = (one: Assistant) =>
    confirm(one.name, t('assistant.deleteTitle', { name: one.title || one.name }), t('assistant.deleteText'), t('action.delete'), () => deed(() => api.delete(path('/console/v1/assistants/{assistant}', { assistant: one.id })), stale))
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {t('assistant.create')}
    </Button>
  )
  const reach = (one: Assistant) => (one.everyone ? t('assistant.forEveryone') : one.departments.length > 0 ? t('assistant.forDepartments', { count: one.departments.length }) : t('assistant.forMe'))
  return (
    <Page title={t('nav.assistants')} lead={t('assistant.lead')} deeds={Boolean(assistants.data?.length) && create}>
      {assistants.isPending && <Waiting />}
      {assistants.isError && <Failed error={assistants.error} retry={() => void assistants.refetch()} />}
      {assistants.data?.length === 0 && (
        <Empty icon={<RobotOutlined />} title={t('assistant.none')} text={t('assistant.noneText')}>
          {create}
        </Empty>
      )}
      <ul className="cards">
        {assistants.data?.map((one) => (
          <li key={one.id} className="card">
            <h2>{one.title || one.name}</h2>
            <p>{one.description || one.system_prompt.slice(0, 160)}</p>
            <p className="card-facts">
              <span className="tag">{reach(one)}</span> <span className="tag">{one.model ?? t('settings.default')}</span> {!one.own && <span className="tag">{one.owner.name}</span>}
            </p>
            <p className="muted">
              {t('assistant.api')} <code className="mono">assistant:{one.name}</code>
            </p>
            <div className="page-deeds">
              <Button onClick={() => void navigate({ to: '/chat', search: { assistant: one.id } })}>{t('assistant.start')}</Button>
              {(one.own || mayPublish) && (
                <>
                  <Button type="text" onClick={() => setEdited(one)}>
                    {t('action.edit')}
                  </Button>
                  <Button type="text" danger onClick={() => remove(one)} aria-label={`${t('action.delete')}: ${one.name}`}>
                    {t('action.delete')}
                  </Button>
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
      <FormDialog<Given>
        title={before ? before.title || before.name : t('assistant.create')}
        action={t('action.save')}
        open={edited !== undefined}
        close={() => setEdited(undefined)}
        submit={save}
        initial={
          before
            ? { ...fieldsOf({ system_prompt: before.system_prompt, parameters: before.parameters }), name: before.name, title: before.title, description: before.description, ...(before.model && { model: before.model }), departments: before.departments, everyone: before.everyone, starters: before.starters.join('\n') }
            : {}
        }
      >
        <Form.Item name="title" label={t('assistant.title')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={200} autoFocus />
        </Form.Item>
        <Form.Item name="name" label={t('assistant.name')} extra={t('assistant.nameHelp')} rules={[{ required: true, pattern: /^[a-z0-9._-]{1,64}$/, message: t('assistant.nameHelp') }]}>
          <Input className="mono" maxLength={64} />
        </Form.Item>
        <Form.Item name="description" label={t('assistant.description')}>
          <Input maxLength={2000} />
        </Form.Item>
        <Form.Item name="system_prompt" label={t('settings.system')} extra={t('settings.systemHelp')}>
          <Input.TextArea autoSize={{ minRows: 3, maxRows: 12 }} />
        </Form.Item>
        <Form.Item name="model" label={t('chat.model')} extra={t('assistant.modelHelp')}>
          <Select allowClear options={models.filter((one) => !one.id.startsWith('assistant:')).map((one) => ({ value: one.id, label: one.id }))} />
        </Form.Item>
        <Form.Item name="starters" label={t('assistant.starters')} extra={t('assistant.startersHelp')}>
          <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} />
        </Form.Item>
        {mayList && (
          <Form.Item name="departments" label={t('assistant.departments')}>
            <Select mode="multiple" options={departments.map((one) => ({ value: one.id, label: one.name }))} />
          </Form.Item>
        )}
        {mayPublish && (
          <Form.Item name="everyone" label={t('assistant.everyone')} valuePropName="checked">
            <Switch />
          </Form.Item>
        )}
        <details>
          <summary>{t('settings.title')}</summary>
          <ParameterFields />
        </details>
      </FormDialog>
    </Page>
  )
}
