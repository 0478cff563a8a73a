import { render, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { State } from "@/lib/states";
import LineChart, { type LinePoint } from "./line-chart";

const point = (x: number, y: number | null, state: State, provisional = false): LinePoint => ({
  id: `w${x}`,
  x,
  y,
  state,
  provisional,
  title: `window ${x}`,
  note: "",
});

const axis = { domain: [0, 3] as [number, number], ticks: [0, 3], format: (at: number) => `tick${at}` };

const draw = (points: LinePoint[], threshold?: { value: number; label: string }) =>
  render(
    <LineChart
      points={points}
      axis={axis}
      formatY={(y) => `${Math.round(y * 100)}%`}
      threshold={threshold}
      selected="w1"
    />,
  ).container;

const marks = (box: HTMLElement) => box.querySelectorAll(".recharts-line-dots path");

test("the axes read what they were given, from zero to a round number", () => {
  const text = within(draw([point(0, 0.1, "ok"), point(3, 0.37, "ok")]));
  expect(text.getByText("tick3")).toBeInTheDocument();
  expect(text.getByText("0%")).toBeInTheDocument();
  expect(text.getByText("40%")).toBeInTheDocument();
});

test("a threshold is a labelled line, and the axis reaches beyond it", () => {
  const threshold = { value: 0.2, label: "threshold 0.2" };
  const text = within(draw([point(0, 0.1, "ok"), point(1, 0.1, "ok")], threshold));
  expect(text.getByText("threshold 0.2")).toBeInTheDocument();
  expect(text.getByText("30%")).toBeInTheDocument();
});

test("every window has a mark: one without a number stands on the axis, a provisional one is hollow", () => {
  const box = draw([
    point(0, 0.1, "ok"),
    point(1, 0.9, "drift"),
    point(2, null, "no_data"),
    point(3, 0.4, "drift", true),
  ]);
  const fills = [...marks(box)].map((mark) => mark.getAttribute("fill"));
  expect(fills.filter((fill) => fill === "var(--drift)")).toHaveLength(1);
  expect(fills.filter((fill) => fill === "var(--surface)")).toHaveLength(2);
});

test("the selected window is ringed", () => {
  const box = draw([point(0, 0.1, "ok"), point(1, 0.9, "drift")]);
  expect(box.querySelectorAll(".recharts-line-dots circle")).toHaveLength(1);
});

test("among many windows only those with a finding keep their mark", () => {
  const many = Array.from({ length: 100 }, (_, i) => point(i + 10, 0.1, i === 50 ? "drift" : "ok"));
  expect(marks(draw(many))).toHaveLength(1);
});
