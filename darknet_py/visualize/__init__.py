"""Pictures of what a network holds and makes: filters, changed colours, dreams."""
