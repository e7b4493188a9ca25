"""What commands can be told: records of plain values, each default written once.

A command's record is made of the small ones in `common` and its own fields. A field that `option`
makes is one on the command line as well. To add an option, add a field here and use it in the body.
"""
