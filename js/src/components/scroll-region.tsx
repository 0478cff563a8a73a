import type { ReactNode } from "react";

interface Props {
  label: string;
  className?: string | undefined;
  children: ReactNode;
}

/** A named part that scrolls, and can be scrolled by keyboard. */
export const ScrollRegion = ({ label, className, children }: Props) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus the arrow keys cannot scroll it
  <section className={className} tabIndex={0} aria-label={label}>
    {children}
  </section>
);
