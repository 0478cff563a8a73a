import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, useEffect } from "react";
import { HashRouter, Route, Routes } from "react-router";
import { OverviewPage } from "@/features/overview/overview-page";
import { follow } from "@/lib/live";
import { makeClient } from "./client";
import { Layout } from "./layout";
import { NotFound } from "./not-found";

const MonitorPage = lazy(() => import("@/features/monitor/monitor-page"));
const AlertsPage = lazy(() => import("@/features/alerts/alerts-page"));
const SilencesPage = lazy(() => import("@/features/alerts/silences-page"));
const DeliveriesPage = lazy(() => import("@/features/alerts/deliveries-page"));
const BaselinesPage = lazy(() => import("@/features/baselines/baselines-page"));
const EditPage = lazy(() => import("@/features/monitor-form/edit-page"));
const NewPage = lazy(() => import("@/features/monitor-form/new-page"));
const SettingsPage = lazy(() => import("@/features/settings/settings-page"));
const RunsPage = lazy(() => import("@/features/runs/runs-page"));
const RunPage = lazy(() => import("@/features/runs/run-page"));

const client = makeClient();

export function App() {
  useEffect(() => follow(client), []);
  return (
    <QueryClientProvider client={client}>
      <HashRouter>
        <Screens />
      </HashRouter>
    </QueryClientProvider>
  );
}

/** Every address of the dashboard. */
export const Screens = () => (
  <Routes>
    <Route element={<Layout />}>
      <Route index element={<OverviewPage />} />
      <Route path="monitors/:name" element={<MonitorPage />} />
      <Route path="monitors/:name/baselines" element={<BaselinesPage />} />
      <Route path="monitors/:name/edit" element={<EditPage />} />
      <Route path="new-monitor" element={<NewPage />} />
      <Route path="settings" element={<SettingsPage />} />
      <Route path="alerts/:id?" element={<AlertsPage />} />
      <Route path="silences" element={<SilencesPage />} />
      <Route path="deliveries" element={<DeliveriesPage />} />
      <Route path="runs" element={<RunsPage />} />
      <Route path="runs/:id" element={<RunPage />} />
      <Route path="*" element={<NotFound />} />
    </Route>
  </Routes>
);
