"""What commands can be told: records of plain values, each default written once.

A command's record is made of the small ones in `model` and its own fields. A field that `flag`
makes is an option of the command line as well. To add one, add the field and use it in the body.
"""
