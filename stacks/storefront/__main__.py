"""A consumer of the orders service: it knows nothing of it but the outputs of its stack.

Stack config:
    storefront:ordersStack   the stack that deploys orders; default organization/orders/<this stack's name>
"""

import pulumi
import pulumi_aws as aws

from rollback_plugin import track

track()

config = pulumi.Config()
orders = pulumi.StackReference(config.get("ordersStack", f"organization/orders/{pulumi.get_stack()}"))
orders_url = orders.require_output("url")

# The storefront's servers read where to order from here, each time they start.
orders_url_parameter = aws.ssm.Parameter("orders-url", type=aws.ssm.ParameterType.STRING, value=orders_url)

pulumi.export("ordersUrl", orders_url)
pulumi.export("ordersUrlParameter", orders_url_parameter.name)
