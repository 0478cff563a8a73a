import { Component, type ReactNode } from "react";
import { Button } from "@/components/controls";
import { Message } from "@/components/panel";

interface Props {
  /** A change of this (the address) gives the screen another try. */
  place: string;
  children: ReactNode;
}

interface State {
  error: Error | null;
  place: string;
}

/** Keeps header and navigation when a screen cannot be drawn or its code cannot be loaded. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, place: this.props.place };

  static getDerivedStateFromError = (error: Error) => ({ error });

  static getDerivedStateFromProps = ({ place }: Props, state: State) =>
    place === state.place ? null : { error: null, place };

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Message title="This screen could not be shown">
        <p>{error.message}</p>
        <Button onClick={() => window.location.reload()}>Reload the page</Button>
      </Message>
    );
  }
}
