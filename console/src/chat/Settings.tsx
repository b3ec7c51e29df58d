import { Button, Drawer, Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Parameters_ } from './types'

export interface ChatSettings {
  system_prompt: string | null
  parameters: Parameters_
}

interface Fields {
  system_prompt?: string
  temperature?: number | null
  top_p?: number | null
  max_output_tokens?: number | null
  effort?: string
}

const width = { width: 240, maxWidth: '100%' }
const efforts = ['none', 'low', 'medium', 'high'] as const

export function fieldsOf({ system_prompt, parameters }: ChatSettings): Fields {
  return {
    system_prompt: system_prompt ?? '',
    temperature: parameters.temperature ?? null,
    top_p: parameters.top_p ?? null,
    max_output_tokens: parameters.max_output_tokens ?? null,
    ...(parameters.reasoning?.effort && { effort: parameters.reasoning.effort }),
  }
}

/** Only what was set is sent: the model's own defaults stand for the rest. Parameters without a field here stay. */
export function settingsOf(before: ChatSettings, fields: Fields): ChatSettings {
  const { temperature, top_p, max_output_tokens, reasoning, ...others } = before.parameters
  return {
    system_prompt: fields.system_prompt?.trim() ? fields.system_prompt : null,
    parameters: {
      ...others,
      ...(typeof fields.temperature === 'number' && { temperature: fields.temperature }),
      ...(typeof fields.top_p === 'number' && { top_p: fields.top_p }),
      ...(typeof fields.max_output_tokens === 'number' && { max_output_tokens: fields.max_output_tokens }),
      ...(fields.effort && { reasoning: { effort: fields.effort as 'low' } }),
    },
  }
}

export function ParameterFields() {
  const { t } = useTranslation()
  return (
    <>
      <Form.Item name="temperature" label={t('settings.temperature')} extra={t('settings.temperatureHelp')}>
        <InputNumber min={0} max={2} step={0.1} placeholder={t('settings.default')} style={width} />
      </Form.Item>
      <Form.Item name="top_p" label={t('settings.topP')}>
        <InputNumber min={0.05} max={1} step={0.05} placeholder={t('settings.default')} style={width} />
      </Form.Item>
      <Form.Item name="max_output_tokens" label={t('settings.longest')}>
        <InputNumber min={1} max={1_000_000} precision={0} placeholder={t('settings.default')} style={width} />
      </Form.Item>
      <Form.Item name="effort" label={t('settings.effort')}>
        <Select allowClear placeholder={t('settings.default')} options={efforts.map((value) => ({ value, label: t(`settings.effort.${value}`) }))} style={width} />
      </Form.Item>
    </>
  )
}

export function Settings({ close, now, save }: { close: () => void; now: ChatSettings; save: (next: ChatSettings) => Promise<boolean> }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Fields>()
  return (
    <Drawer title={t('settings.title')} open onClose={close} size={420} destroyOnHidden footer={<Button type="primary" onClick={() => form.submit()}>{t('action.save')}</Button>}>
      <Form form={form} layout="vertical" initialValues={fieldsOf(now)} onFinish={(fields: Fields) => void save(settingsOf(now, fields)).then((done) => done && close())}>
        <Form.Item name="system_prompt" label={t('settings.system')} extra={t('settings.systemHelp')}>
          <Input.TextArea autoSize={{ minRows: 4, maxRows: 14 }} />
        </Form.Item>
        <ParameterFields />
      </Form>
    </Drawer>
  )
}
