import { theme } from 'antd'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

const windowS = 120

/** A line over time, of the last two minutes, filled below; its scale ends at `least` or above. What it shows now stands beside its title as text, for who cannot see it. */
export function Chart({ title, now, times, values, unit, least = 1 }: { title: string; now: string; times: number[]; values: (number | null)[]; unit: (value: number) => string; least?: number }) {
  const { token } = theme.useToken()
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const unitNow = useRef(unit)
  useEffect(() => {
    unitNow.current = unit
  }, [unit])
  useEffect(() => {
    const box = place.current
    if (!box) return undefined
    const grid = { stroke: token.colorBorderSecondary, width: 1 }
    const axis = { stroke: token.colorTextSecondary, grid, ticks: { show: false }, font: `11px ${token.fontFamily}` }
    const made = new uPlot(
      {
        width: Math.max(120, box.clientWidth),
        height: 150,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { range: (_, __, last) => [last - windowS, last] }, y: { range: (_, __, most) => [0, Math.max(most * 1.15, least)] } },
        axes: [{ ...axis, size: 26, space: 90, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString([], { hour12: false })) }, { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => unitNow.current(tick)) }],
        series: [{}, { stroke: token.colorPrimary, width: 1.75, fill: token.colorPrimaryBg, points: { show: false } }],
      },
      [[], []],
      box,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(120, box.clientWidth), height: 150 }))
    resized.observe(box)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [token, least])
  useEffect(() => {
    plot.current?.setData([times, values])
  }, [times, values, token])
  return (
    <figure className="chart">
      <figcaption>
        <span>{title}</span>
        <span className="num muted">{now}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}
