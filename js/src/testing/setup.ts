import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll } from "vitest";
import { server } from "./server";

// jsdom lays nothing out: charts get a size, nobody is told of another one, and scrolling does nothing.
class NoObserver implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
const measure = Element.prototype.getBoundingClientRect;
Element.prototype.getBoundingClientRect = function () {
  return this.matches(".recharts-responsive-container") ? new DOMRect(0, 0, 600, 200) : measure.call(this);
};
window.ResizeObserver = NoObserver;
window.scrollTo = () => {};

// A busy machine may take longer than the second that is the default.
configure({ asyncUtilTimeout: 5000 });

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  window.localStorage.clear();
});
afterAll(() => server.close());
