"""The cfg room: characters to sections, sections to option values by C's rules, .data and names files."""
